// Processes that measure in turns, and take from one another what is measured already.
#include "device/cpu/host_turn.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace twofour::device::cpu {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class HostTurnTest : public testing::Test {
 protected:
  ~HostTurnTest() override { fs::remove(file_); }

  /// Somebody else at work, who takes the turn at once and gives it back after finish().
  class Other {
   public:
    Other(const fs::path& file, std::string_view key, double value)
        : thread_([this, file, key, value] {
            HostTurn(file).measure(key, [&] {
              there_ = true;
              while (!finished_) std::this_thread::sleep_for(milliseconds(1));
              return value;
            });
          }) {
      while (!there_) std::this_thread::sleep_for(milliseconds(1));
    }
    void finish() { finished_ = true; }
    ~Other() {
      finish();
      thread_.join();
    }

   private:
    std::atomic<bool> there_{false};
    std::atomic<bool> finished_{false};
    std::thread thread_;
  };

  fs::path file_ = fs::temp_directory_path() / ("host_turn_" + std::to_string(getpid()));
};

TEST_F(HostTurnTest, AloneOneMeasuresEachTime) {
  int calls = 0;
  const HostTurn turn(file_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(turn.measure("key", [&] { return std::optional<double>(++calls); }), calls);
  }
  EXPECT_EQ(calls, 3) << "what was measured before it came is old";
}

TEST_F(HostTurnTest, WhoWaitedTakesWhatWasMeasuredMeanwhile) {
  Other other(file_, "key", 0.1);
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    other.finish();
  });
  bool called = false;
  EXPECT_EQ(HostTurn(file_).measure("key", [&] { return called = true, std::optional(2.0); }), 0.1);
  EXPECT_FALSE(called);
  later.join();
}

TEST_F(HostTurnTest, ButNotUnderAnotherKey) {
  Other other(file_, "2 threads on nodes 0", 1);
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    other.finish();
  });
  EXPECT_EQ(HostTurn(file_).measure("2 threads on nodes 1", [] { return std::optional(2.0); }), 2);
  later.join();
}

TEST_F(HostTurnTest, OneThatHangsIsNotWaitedFor) {
  const Other other(file_, "key", 1);
  EXPECT_EQ(HostTurn(file_).measure(
                "key", [] { return std::optional(2.0); }, 0.05),
            2);
}

TEST_F(HostTurnTest, OddFilesAreDoneWithout) {
  std::ofstream(file_) << "key\nx\n";
  EXPECT_EQ(HostTurn(file_).measure("key", [] { return std::optional(2.0); }), 2);
  EXPECT_EQ(HostTurn("/nowhere/file").measure("key", [] { return std::optional(3.0); }), 3);
  EXPECT_EQ(HostTurn(file_).measure("key", [] { return std::optional<double>(); }), std::nullopt);
}

}  // namespace
}  // namespace twofour::device::cpu
