// --models-file: refused with a message, or models whose cases can be made.
#include <stdexcept>

#include "fuzz.h"
#include "workload/workload.h"

namespace twofour::fuzz {
namespace {

void read(std::string_view text) {
  try {
    const auto models = workload::parse_models(text, "file");
    for (const workload::Case& c : workload::model_cases(models, {1, 512}, {1, 2, 3, 8, 1024})) {
      require(c.shape.m > 0 && c.shape.n > 0 && c.shape.k > 0);
    }
  } catch (const std::runtime_error& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
