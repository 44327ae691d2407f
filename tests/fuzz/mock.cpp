// TWOFOUR_MOCK: refused with a message, or faults that can be looked up.
#include "core/input_error.h"
#include "fuzz.h"
#include "providers/mock/config.h"

namespace twofour::fuzz {
namespace {

void read(std::string_view text) {
  using namespace providers::mock;
  try {
    const Config config = parse_config(text);
    require(config.dense_us >= 0 && config.sparse_us >= 0 && config.noise >= 0);
    static_cast<void>(config.fault_of("mock_i8", GemmProblem{.shape = {.m = 1, .n = 1, .k = 1}}));
  } catch (const InputError& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
