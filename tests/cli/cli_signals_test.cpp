// Signals that were ignored when the program started, and terminals that go away.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kRows = 15;  // of the quick sweep
constexpr std::size_t kRowsOfACase = 5;

std::vector<std::string> sweep(bool in_process) {
  return in_process ? quick_sweep({"--in-process"}) : quick_sweep();
}

class Signals : public ::testing::TestWithParam<std::tuple<std::pair<const char*, int>, bool>> {
 protected:
  static const char* name() { return std::get<0>(GetParam()).first; }
  static int number() { return std::get<0>(GetParam()).second; }
  static std::vector<std::string> command() { return sweep(std::get<1>(GetParam())); }
};

TEST_P(Signals, IgnoredAtTheStartTheyStayIgnored) {
  const Folder folder;
  const Finished finished =
      run_after(folder, std::string("trap '' ") + name(), command(),
                once_after_rows(folder, kRowsOfACase, [](pid_t pid) { kill(pid, number()); }));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(read_results(folder.only(".jsonl")).records.size(), kRows);
}

TEST_P(Signals, TwoInARowLeaveWholeFiles) {
  const Folder folder;
  const Finished finished =
      run(folder, command(), "", once_after_rows(folder, kRowsOfACase, [](pid_t pid) {
            kill(pid, number());
            if (std::get<1>(GetParam())) return;  // there it ends at once
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
            kill(pid, number());
          }));
  EXPECT_EQ(finished.code, 130) << finished.err;
  EXPECT_FALSE(folder.only(".csv").empty());
  EXPECT_FALSE(folder.only(".pkl").empty());
  EXPECT_LT(read_results(folder.only(".jsonl")).records.size(), kRows);
}

INSTANTIATE_TEST_SUITE_P(Each, Signals,
                         ::testing::Combine(::testing::Values(std::pair{"INT", SIGINT},
                                                              std::pair{"TERM", SIGTERM},
                                                              std::pair{"HUP", SIGHUP}),
                                            ::testing::Bool()));

/// Runs the quick sweep on a terminal that is closed after the first case. Returns the exit code;
/// 128 + the signal that ended it.
int run_on_closed_terminal(const Folder& folder, bool ignore_hangup) {
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid < 0) throw std::runtime_error("no terminal can be had");
  if (pid == 0) {
    std::signal(SIGHUP, ignore_hangup ? SIG_IGN : SIG_DFL);
    std::vector<std::string> words = quick_sweep({"--output-dir", folder.path().string()});
    words.insert(words.begin(), TWOFOUR_PROGRAM);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  bool closed = false;
  const auto close_terminal = once_after_rows(folder, kRowsOfACase, [&](pid_t) {
    close(terminal);
    closed = true;
  });
  int status = 0;
  for (int i = 0; i < 60000 && waitpid(pid, &status, WNOHANG) == 0; ++i) {
    std::array<char, 4096> shown{};
    while (!closed && read(terminal, shown.data(), shown.size()) > 0) {
    }
    close_terminal(pid);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_TRUE(closed);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A chroot or a container may have none.
bool has_terminals() {
  std::array<int, 2> ends{-1, -1};
  if (openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) != 0) return false;
  for (const int end : ends) close(end);
  return true;
}

TEST(Terminal, ThatIsClosedIsAnInterruption) {
  if (!has_terminals()) GTEST_SKIP() << "needs a pseudo-terminal";
  const Folder folder;
  EXPECT_EQ(run_on_closed_terminal(folder, false), 130);
  EXPECT_FALSE(folder.only(".csv").empty());
  EXPECT_FALSE(folder.only(".pkl").empty());
}

TEST(Terminal, ThatIsClosedWithoutHangupCostsNoRow) {
  if (!has_terminals()) GTEST_SKIP() << "needs a pseudo-terminal";
  const Folder folder;
  EXPECT_EQ(run_on_closed_terminal(folder, true), 1);  // stdout cannot be written
  EXPECT_EQ(read_results(folder.only(".jsonl")).records.size(), kRows);
  EXPECT_FALSE(folder.only(".csv").empty());
}

}  // namespace
}  // namespace twofour::cli
