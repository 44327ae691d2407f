#include "device/cpu/host_turn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <thread>

#include "device/cpu/timer.h"

namespace twofour::device::cpu {
namespace {

constexpr auto kTick = std::chrono::milliseconds(10);
constexpr std::size_t kMostBytes = 256;

/// An open file, whose lock ends with the process at the latest.
class Turn {
 public:
  explicit Turn(const std::filesystem::path& file)
      : descriptor_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    struct stat status {};
    const bool own = descriptor_ >= 0 && fstat(descriptor_, &status) == 0 &&
                     S_ISREG(status.st_mode) && status.st_uid == geteuid();
    if (!own) leave();
  }
  ~Turn() { leave(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  [[nodiscard]] bool there() const { return descriptor_ >= 0; }
  /// Whether it had to wait; nothing: it gave up.
  std::optional<bool> take(double patience_s) const {
    const double begin_s = now_s();
    for (bool waited = false;; waited = true) {
      if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return waited;
      if (now_s() - begin_s > patience_s) return std::nullopt;
      std::this_thread::sleep_for(kTick);
    }
  }
  [[nodiscard]] std::string text() const {
    std::array<char, kMostBytes> bytes{};
    const ssize_t count = pread(descriptor_, bytes.data(), bytes.size(), 0);
    return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : std::string();
  }
  /// One that cannot be written tells others nothing, which then measure themselves.
  void write(std::string_view text) const {
    if (text.size() > kMostBytes || ftruncate(descriptor_, 0) != 0) return;
    [[maybe_unused]] const ssize_t ignored = pwrite(descriptor_, text.data(), text.size(), 0);
  }

 private:
  void leave() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }
  int descriptor_;
};

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A line each: the key, the number, and when it was there, by the clock that all processes share.
std::string written(std::string_view key, double value) {
  return fmt::format("{}\n{}\n{}\n", key, value, now_s());
}

/// Of `text` the number, if it is for `key` and was there after `since_s`.
std::optional<double> found_in(std::string_view text, std::string_view key, double since_s) {
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  const std::optional<double> when_s = number_in(lines[2]);
  if (lines[0] != key || !when_s || *when_s < since_s) return std::nullopt;
  return number_in(lines[1]);
}

}  // namespace

std::filesystem::path HostTurn::usual_file() {
  std::error_code ignored;
  const std::filesystem::path memory = "/dev/shm";
  const std::filesystem::path folder = std::filesystem::is_directory(memory, ignored)
                                           ? memory
                                           : std::filesystem::temp_directory_path(ignored);
  return folder / fmt::format("twofour-{}-read-bandwidth", geteuid());
}

std::optional<double> HostTurn::measure(std::string_view key,
                                        FunctionRef<std::optional<double>()> measure,
                                        double patience_s) const {
  const double begin_s = now_s();
  const Turn turn(file_);
  if (!turn.there()) return measure();
  const std::optional<bool> waited = turn.take(patience_s);
  if (!waited) return measure();
  if (*waited) {
    if (const auto found = found_in(turn.text(), key, begin_s)) return found;
  }
  const std::optional<double> value = measure();
  if (value) turn.write(written(key, *value));
  return value;
}

}  // namespace twofour::device::cpu
