#include "input/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace twofour::input {

MappedFile::MappedFile(const std::filesystem::path& file) {
  const auto fail = [&](std::string_view why) {
    throw std::runtime_error(fmt::format("{}: cannot be read: {}", file.string(), why));
  };
  const int number = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (number < 0) fail(std::generic_category().message(errno));
  const auto shut = [](const int* descriptor) { close(*descriptor); };
  const std::unique_ptr<const int, decltype(shut)> closed_in_the_end(&number, shut);
  struct stat facts {};
  if (fstat(number, &facts) != 0) fail(std::generic_category().message(errno));
  if (!S_ISREG(facts.st_mode)) fail("it is not a file");
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size == 0) return;
  void* const data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, number, 0);
  if (data == MAP_FAILED) fail(std::generic_category().message(errno));
  bytes_ = {static_cast<const std::byte*>(data), size};
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace twofour::input
