// Headers and indexes of safetensors: refused with a message, or tensors that fill the data. The
// first line is the number of bytes behind the header; without one the input is an index.
#include <charconv>
#include <stdexcept>

#include "fuzz.h"
#include "input/safetensors.h"

namespace twofour::fuzz {
namespace {

void read_header(std::string_view text, std::uint64_t data_bytes) {
  std::uint64_t end = 0;
  for (const input::Tensor& tensor : input::parse_safetensors_header(text, data_bytes).tensors) {
    require(tensor.begin == end && tensor.end >= tensor.begin && tensor.elements >= 0);
    end = tensor.end;
  }
  require(end == data_bytes);
}

void read(std::string_view text) {
  try {
    std::uint64_t data_bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), data_bytes);
    const auto used = static_cast<std::size_t>(end - text.data());
    if (error == std::errc() && used < text.size() && text[used] == '\n') {
      read_header(text.substr(used + 1), data_bytes);
      return;
    }
    for (const auto& [tensor, file] : input::parse_safetensors_index(text)) {
      require(file.find('/') == std::string::npos && file.find("..") == std::string::npos);
    }
  } catch (const std::invalid_argument& error) {
    require_message(error.what());
  }
}

}  // namespace
}  // namespace twofour::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  twofour::fuzz::read(twofour::fuzz::text_of(data, size));
  return 0;
}
