// A parent and its children, with children that do what the test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "device/device.h"
#include "run/supervisor.h"

namespace twofour::run {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KeptRun final : public RunListener {
 public:
  void environment(const Environment& environment) override { seed = environment.seed; }
  void start(const Start& /*start*/) override { ++starts; }
  void row(const Record& record) override { kernels.push_back(record.kernel); }
  void case_end(int case_index) override { cases.push_back(case_index); }
  void begin_case(int case_index) override { begun.push_back(case_index); }
  void ended(const Attempt& attempt, const Ending& ending) override {
    attempts.push_back(attempt);
    endings.push_back(ending);
    if (fail_rows) kernels.push_back(attempt.row.kernel);
  }
  [[nodiscard]] std::size_t rows() const override { return kernels.size(); }

  std::uint64_t seed = 0;
  int starts = 0;
  bool fail_rows = true;
  std::vector<std::string> kernels;
  std::vector<int> cases;
  std::vector<int> begun;
  std::vector<Attempt> attempts;
  std::vector<Ending> endings;
};

Record row(std::string kernel) {
  Record record;
  record.kernel = std::move(kernel);
  record.problem.shape = record.executed = {.m = 1, .n = 1, .k = 1};
  return record;
}

class SupervisorTest : public ::testing::Test {
 public:
  ~SupervisorTest() override { std::filesystem::remove_all(folder_); }

 protected:
  using Measure = std::function<int(Orders&, ResultStream&, Attempts&)>;

  SupervisorTest() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour_part_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder_ = name;
  }

  RunResult run(const Measure& measure) {
    return supervise({.part = folder_ / "a.part", .case_timeout_s = timeout_s}, kept, measure);
  }
  /// A child that has `kernel` in hand when it calls `end`, unless the run has a row of that.
  Measure ending_with(std::string kernel, std::function<void()> end) {
    return [this, kernel, end](Orders& orders, ResultStream& stream, Attempts& attempts) {
      stream.start({.cases = {0}, .reserved = ""});
      while (orders.next_case()) {
        if (!kept.fail_rows || kept.kernels.empty()) {
          const AttemptScope scope(attempts, row(kernel));
          end();
        }
        stream.row(row("sound"));
        stream.case_end(0);
      }
      return 0;
    };
  }

  std::filesystem::path folder_;
  double timeout_s = 0;
  KeptRun kept;
};

TEST_F(SupervisorTest, HandsOnWhatAChildTells) {
  const auto result = run([](Orders& orders, ResultStream& stream, Attempts&) {
    Environment environment;
    environment.seed = 7;
    stream.environment(environment);
    stream.start({.cases = {2, 3, 5, 8}, .reserved = ""});
    while (const auto index = orders.next_case()) {
      stream.row(row("kernel " + std::to_string(*index)));
      stream.case_end(*index);
    }
    return 0;
  });
  EXPECT_EQ(result.end, RunEnd::kDone);
  EXPECT_EQ(kept.seed, 7U);
  EXPECT_THAT(kept.kernels, ElementsAre("kernel 2", "kernel 3", "kernel 5", "kernel 8"));
  EXPECT_THAT(kept.cases, ElementsAre(2, 3, 5, 8));
  EXPECT_THAT(kept.begun, ElementsAre(2, 3, 5, 8));
}

TEST_F(SupervisorTest, KnowsHowAChildEnded) {
  struct Expected {
    std::function<void()> end;
    EndingKind kind;
    int code;
  };
  timeout_s = 0.3;
  const auto by_signal = [](int signal) {
    return [signal] {
      std::signal(signal, SIG_DFL);
      std::raise(signal);
    };
  };
  for (const auto& [end, kind, code] :
       {Expected{by_signal(SIGSEGV), EndingKind::kSignal, SIGSEGV},
        Expected{by_signal(SIGKILL), EndingKind::kSignal, SIGKILL},
        Expected{[] { std::_Exit(9); }, EndingKind::kExit, 9},
        Expected{[] { throw device::DeviceLost("gone"); }, EndingKind::kDevice, 0},
        Expected{[] { pause(); }, EndingKind::kDeadline, 0}}) {
    kept = {};
    EXPECT_EQ(run(ending_with("bad", end)).end, RunEnd::kDone);
    ASSERT_THAT(kept.endings, SizeIs(1));
    EXPECT_EQ(kept.endings[0].kind, kind);
    EXPECT_EQ(kept.endings[0].code, code);
    EXPECT_EQ(kept.attempts[0].row.kernel, "bad");
    EXPECT_THAT(kept.kernels, ElementsAre("bad", "sound"));
    EXPECT_EQ(kept.starts, 2);
  }
}

TEST_F(SupervisorTest, KnowsTheAlgorithmThatASearchTried) {
  const auto result = run([this](Orders& orders, ResultStream& stream, Attempts& attempts) {
    stream.start({.cases = {0}, .reserved = ""});
    while (orders.next_case()) {
      if (kept.attempts.empty()) {
        const int number = attempts.describe(row("searched"));
        attempts.try_algorithm(number, "first", {});
        attempts.enter(number);
        attempts.try_algorithm(number, "second \"\xff\"", {.gpu = "H200", .family = "f"});
        std::_Exit(1);
      }
      stream.case_end(0);
    }
    return 0;
  });
  EXPECT_EQ(result.end, RunEnd::kDone);
  ASSERT_THAT(kept.attempts, SizeIs(1));
  EXPECT_EQ(kept.attempts[0].algorithm, "second \"\xEF\xBF\xBD\"");
  EXPECT_EQ(kept.attempts[0].scope.family, "f");
}

TEST_F(SupervisorTest, GivesUpAfterThreeChildrenWithoutARow) {
  kept.fail_rows = false;
  const auto result = run(ending_with("bad", [] { std::_Exit(1); }));
  EXPECT_EQ(result.end, RunEnd::kNoProgress);
  EXPECT_EQ(kept.starts, kMostIdleChildren);
}

TEST_F(SupervisorTest, GivesUpOnAChildThatEndsBeforeItsFirstAttempt) {
  const auto killed = run([](Orders&, ResultStream&, Attempts&) -> int {
    std::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(killed.end, RunEnd::kBadStart);
  EXPECT_EQ(killed.last.code, SIGKILL);
  const auto refused = run([](Orders&, ResultStream&, Attempts&) { return 2; });
  EXPECT_EQ(refused.end, RunEnd::kRefused);
  EXPECT_EQ(refused.last.code, 2);
  EXPECT_THAT(kept.attempts, IsEmpty());
}

TEST_F(SupervisorTest, AnExceptionOfAChildIsItsExitCode) {
  const auto result = run(
      [](Orders&, ResultStream&, Attempts&) -> int { throw std::runtime_error("said on stderr"); });
  EXPECT_EQ(result.end, RunEnd::kRefused);
  EXPECT_EQ(result.last.code, 1);
}

TEST_F(SupervisorTest, APartFileThatCannotBeWrittenIsNoKernelsFailure) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto result = run([](Orders& orders, ResultStream& stream, Attempts& attempts) {
    stream.start({.cases = {0}, .reserved = ""});
    while (orders.next_case()) {
      stream.row(row("before"));
      const rlimit limit{.rlim_cur = 2 * kSlotBytes, .rlim_max = 2 * kSlotBytes};
      setrlimit(RLIMIT_FSIZE, &limit);
      for (int i = 0; i < 100; ++i) {
        const AttemptScope scope(attempts, row("in hand"));
      }
    }
    return 0;
  });
  EXPECT_EQ(result.end, RunEnd::kCannotWrite);
  EXPECT_THAT(kept.kernels, ElementsAre("before"));
  EXPECT_THAT(kept.attempts, IsEmpty());
}

TEST_F(SupervisorTest, ACallThatReturnsAgainAndAgainMayTakeLongInAll) {
  timeout_s = 0.3;
  const auto result = run([](Orders& orders, ResultStream& stream, Attempts& attempts) {
    stream.start({.cases = {0}, .reserved = ""});
    while (orders.next_case()) {
      const int number = attempts.describe(row("slow"));
      for (int i = 0; i < 12; ++i) {
        attempts.enter(number);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      attempts.leave();
      stream.row(row("slow"));
      stream.case_end(0);
    }
    return 0;
  });
  EXPECT_EQ(result.end, RunEnd::kDone);
  EXPECT_EQ(kept.starts, 1);
}

TEST_F(SupervisorTest, AnInterruptionReachesTheChild) {
  const auto result = run([](Orders& orders, ResultStream& stream, Attempts&) {
    stream.start({.cases = {0, 1}, .reserved = ""});
    while (orders.next_case()) {
      kill(getppid(), SIGINT);
      while (!orders.stop().stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      stream.row(row("last"));
      stream.case_end(0);
    }
    return 0;
  });
  EXPECT_EQ(result.end, RunEnd::kInterrupted);
  EXPECT_THAT(kept.kernels, ElementsAre("last"));
}

}  // namespace
}  // namespace twofour::run
