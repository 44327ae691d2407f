// Bytes for descriptors that are full, closed or without a reader.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/streams.h"

namespace twofour {
namespace {

/// A pipe, of whose ends a test closes what it wants closed.
struct Pipe {
  Pipe() {
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe can be had");
  }
  std::array<int, 2> ends{};
};

TEST(WriteAll, WaitsForAReaderOfAPipeThatDoesNotBlock) {
  const Pipe pipe;
  ASSERT_EQ(fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK), 0);
  const std::string text(1 << 20, 'x');  // more than a pipe holds
  std::size_t count = 0;
  std::jthread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::array<char, 4096> block{};
    for (ssize_t n = 0; (n = read(pipe.ends[0], block.data(), block.size())) > 0;) {
      count += static_cast<std::size_t>(n);
    }
  });
  EXPECT_EQ(write_all(pipe.ends[1], text), 0);
  close(pipe.ends[1]);
  reader.join();
  close(pipe.ends[0]);
  EXPECT_EQ(count, text.size());
}

TEST(WriteAll, SaysWhatIsWrong) {
  std::signal(SIGPIPE, SIG_IGN);
  const Pipe pipe;
  close(pipe.ends[0]);
  EXPECT_EQ(write_all(pipe.ends[1], "x"), EPIPE);
  close(pipe.ends[1]);
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  EXPECT_EQ(write_all(full, "x"), ENOSPC);
  EXPECT_EQ(write_all(full, ""), 0);
  close(full);
  EXPECT_EQ(write_all(full, "x"), EBADF);
}

}  // namespace
}  // namespace twofour
