#include "run/piped_orders.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <utility>

namespace twofour::run {

PipedOrders::PipedOrders(Descriptor pipe)
    : pipe_(std::move(pipe)), wake_(eventfd(0, EFD_CLOEXEC)), reader_([this] {
        try {
          read();
        } catch (...) {  // no memory: as if the parent were gone
          end();
        }
      }) {}

PipedOrders::~PipedOrders() {
  const std::uint64_t one = 1;
  // A counter that is full is readable as well.
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof(one));
}

std::optional<int> PipedOrders::next_case() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return finished_ || !cases_.empty(); });
  if (cases_.empty() || stop_.stop_requested()) return std::nullopt;
  const int index = cases_.front();
  cases_.pop_front();
  return index;
}

void PipedOrders::read() {
  std::string text;
  std::array<char, 512> block{};
  while (true) {
    std::array<pollfd, 2> watched{{{pipe_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return end();
    if (watched[1].revents != 0) return;
    if (watched[0].revents == 0) continue;
    const ssize_t count = ::read(pipe_.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return end();
    text.append(block.data(), static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t at = text.find('\n'); at != std::string::npos;
         begin = at + 1, at = text.find('\n', begin)) {
      take(std::string_view(text).substr(begin, at - begin));
    }
    text.erase(0, begin);
  }
}

void PipedOrders::take(std::string_view line) {
  constexpr std::string_view kCase = "case ";
  if (line == "interrupt") return end();
  const std::lock_guard lock(mutex_);
  if (line == "finish") finished_ = true;
  if (line.starts_with(kCase)) {
    int index = 0;
    std::from_chars(line.data() + kCase.size(), line.data() + line.size(), index);
    cases_.push_back(index);
  }
  changed_.notify_one();
}

void PipedOrders::end() {
  stop_.request_stop();
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_one();
}

}  // namespace twofour::run
