#include "core/streams.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace twofour {
namespace {

constexpr int kPatience_ms = 1000;

/// `patience_ms` is how long a descriptor that is full is waited for; below 0: for ever.
int write_all_within(int descriptor, std::string_view bytes, int patience_ms) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    // Somebody who shares it has made it non-blocking.
    pollfd watched{descriptor, POLLOUT, 0};
    if (poll(&watched, 1, patience_ms) == 0) return EAGAIN;
  }
  return 0;
}

}  // namespace

int write_all(int descriptor, std::string_view bytes) {
  return write_all_within(descriptor, bytes, -1);
}

void write_to_stderr(std::string_view text) noexcept {
  write_all_within(STDERR_FILENO, text, kPatience_ms);
}

void say(std::string_view message) noexcept {
  try {
    // In one write, so that the words of two processes do not mix.
    write_to_stderr("twofour: " + one_line(message) + "\n");
  } catch (...) {  // no memory for a line
    write_to_stderr(message);
  }
}

std::string one_line(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr unsigned char kDelete = 0x7f;
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= ' ' && code != kDelete) {
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else {
      line += "\\x";
      line += kDigits[code >> 4];
      line += kDigits[code & 15];
    }
  }
  return line;
}

}  // namespace twofour
