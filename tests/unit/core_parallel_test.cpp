#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/parallel.h"

namespace twofour {
namespace {

TEST(ParallelRun, EveryShareRunsOnceAndItsWritesAreSeenAfterwards) {
  for (const int threads : {1, 2, 3, 8}) {
    std::vector<int> calls(static_cast<std::size_t>(threads), 0);
    parallel_run(threads, [&](int index, int count) {
      EXPECT_EQ(count, threads);
      ++calls[static_cast<std::size_t>(index)];
    });
    EXPECT_EQ(calls, std::vector<int>(static_cast<std::size_t>(threads), 1));
  }
}

TEST(ThreadShare, CoversEachItemOnceInWholeUnits) {
  for (const std::int64_t count : {0, 1, 15, 16, 17, 1000}) {
    for (const int threads : {1, 2, 7}) {
      std::int64_t next = 0;
      for (int i = 0; i < threads; ++i) {
        const Range share = thread_share(count, i, threads, 16);
        EXPECT_EQ(share.begin, next);
        EXPECT_TRUE(share.begin % 16 == 0 || share.begin == count);
        next = share.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

}  // namespace
}  // namespace twofour
