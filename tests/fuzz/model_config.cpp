// --model-config: refused with a message, or a plan whose cases can be made.
#include <stdexcept>

#include "fuzz.h"
#include "workload/model_plan.h"

namespace twofour::fuzz {
namespace {

void read(std::string_view text) {
  for (const bool unfused : {false, true}) {
    try {
      const auto plan = workload::plan_of_config(text, "file", "name", {.unfused = unfused});
      require(plan.measured_parameters() <= plan.text_parameters());
      require(!workload::plan_text(plan).empty());
      for (const workload::SkippedLayers& one : plan.skipped) require_message(one.reason);
      for (const workload::Case& c : workload::model_cases({plan.model}, {1, 512}, {1, 3, 8})) {
        require(c.shape.m > 0 && c.shape.n > 0 && c.shape.k > 0);
        require(c.calls >= 1 && c.calls <= c.instances);
      }
    } catch (const std::runtime_error& error) {
      require_message(error.what());
    }
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
