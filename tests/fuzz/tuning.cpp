// The tuning file: what is wrong in it is said, and ends nothing.
#include <exception>

#include "fuzz.h"
#include "providers/tuning.h"

namespace twofour::fuzz {
namespace {

void read(std::string_view text) {
  try {
    const providers::TuningContent content = providers::parse_tuning(text);
    providers::TuningFile file{{}};
    for (const auto& [key, winner] : content.winners) file.keep(key, winner);
    for (const auto& avoided : content.avoided) file.keep_avoided(avoided);
    for (const auto& [key, winner] : content.winners) require(file.find(key).has_value());
  } catch (const std::exception& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
