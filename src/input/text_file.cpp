#include "input/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace twofour::input {

std::string read_text_file(const std::filesystem::path& file, std::size_t most) {
  const auto fail = [&](std::string_view why) {
    throw std::runtime_error(fmt::format("{}: cannot be read: {}", file.string(), why));
  };
  const int number = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) fail(std::generic_category().message(errno));
  const auto shut = [](const int* descriptor) { close(*descriptor); };
  const std::unique_ptr<const int, decltype(shut)> closed_in_the_end(&number, shut);
  std::string text;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t count = read(number, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(std::generic_category().message(errno));
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > most) fail(fmt::format("it has more than {} bytes", most));
  }
}

}  // namespace twofour::input
