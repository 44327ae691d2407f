// The control of a case: which one it is, what it is made of, and that it counts for nothing else.
#include "run/twin.h"

#include <set>
#include <string>
#include <vector>

#include "run_fixture.h"

namespace twofour::run {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<workload::Case> cases(const std::vector<std::int64_t>& ms) {
  std::vector<workload::Case> made;
  for (const std::int64_t m : ms) {
    workload::Case c;
    c.index = static_cast<int>(made.size());
    c.shape = {.m = m, .n = 64, .k = 64};
    made.push_back(c);
  }
  return made;
}

TEST(ControlCases, AreTheFirstAndEveryEighthOfEachRegime) {
  EXPECT_THAT(control_cases(cases({1, 16, 64, 128, 512, 1024, 4096}), 10), ElementsAre(0, 3, 5));
  EXPECT_THAT(control_cases(cases(std::vector<std::int64_t>(17, 32)), 10), ElementsAre(0, 8, 16));
  EXPECT_THAT(control_cases({}, 10), IsEmpty());
}

TEST(ControlCases, TakeNoMoreThanATwentiethOfTheRun) {
  const std::vector<workload::Case> seven = cases({1, 16, 64, 128, 512, 1024, 4096});
  EXPECT_THAT(control_cases(seven, 2), IsEmpty()) << "14 kernels are sampled";
  EXPECT_THAT(control_cases(seven, 3), ElementsAre(0)) << "21, and most of them at M <= 64";
  EXPECT_THAT(control_cases(seven, 6), ElementsAre(0, 3)) << "42";
  EXPECT_EQ(control_cases(cases(std::vector<std::int64_t>(800, 32)), 2).size(), 80U);
  EXPECT_EQ(control_cases(cases(std::vector<std::int64_t>(800, 32)), 4).size(), 100U);
}

TEST(ControlCases, SkippedOnesDoNotCount) {
  std::vector<workload::Case> made = cases({1, 16});
  made[0].skip_reason = "an uneven split";
  EXPECT_THAT(control_cases(made, 20), ElementsAre(1));
  EXPECT_THAT(control_cases(made, 19), IsEmpty());
}

class TwinTest : public RunTest {
 protected:
  TwinTest() { config.control_cases = {0}; }
};

TEST_F(TwinTest, IsADenseKernelOnceMore) {
  const std::vector<Record> result =
      run({dense_kernel("slow", 3e-3), dense_kernel("quick", 2e-3), sparse_kernel("sparse", 1e-3)});
  ASSERT_EQ(result.size(), 4U);
  // Which one verifying launches decide, and those of this device take no time.
  const Record& twin = result.back();
  EXPECT_EQ(twin.kernel, twin.twin_of + "_twin");
  EXPECT_EQ(twin.baseline, twin.twin_of);
  EXPECT_NEAR(twin.vs_dense->value, 1, 1e-6);
  EXPECT_EQ(twin.outcome.kind, OutcomeKind::kOk);
  EXPECT_TRUE(twin.accuracy) << "it is verified as all are";
  EXPECT_FALSE(twin.vs_bf16);
  EXPECT_EQ(of(result, "sparse").baseline, "quick");
}

TEST_F(TwinTest, HasWeightsOfItsOwn) {
  config.caches = {CacheMode::kCold};
  run({dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3)});
  EXPECT_EQ(fake->calls("dense").packed, 2);
  EXPECT_EQ(fake->calls("dense").prepared, 2);
}

TEST_F(TwinTest, IsInEachCacheState) {
  config.caches = {CacheMode::kCold, CacheMode::kHot};
  const std::vector<Record> result =
      run({dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3)});
  for (const CacheMode mode : config.caches) {
    EXPECT_NEAR(of(result, "dense_twin", mode).vs_dense->value, 1, 1e-6);
  }
}

TEST_F(TwinTest, IsMadeWhereARatioIsAskedForAlone) {
  EXPECT_EQ(run({dense_kernel("dense", 2e-3)}).size(), 1U);
  EXPECT_EQ(run({sparse_kernel("sparse", 2e-3)}).size(), 1U);
  config.control_cases = {1};
  EXPECT_EQ(run({dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3)}).size(), 2U);
}

TEST_F(TwinTest, OfAKernelThatFailsWhenSampledIsNoRow) {
  const std::vector<Record> result =
      run({dense_kernel("dense", 2e-3, testing::FakeFault::kThrowsWhenSampled),
           sparse_kernel("sparse", 1e-3)});
  for (const Record& record : result) {
    if (is_twin(record)) {
      EXPECT_FALSE(record.outcome.measured());
    }
  }
  EXPECT_EQ(of(result, "sparse").outcome.kind, OutcomeKind::kOk);
}

TEST_F(TwinTest, TakesNoMemoryThatIsNotThere) {
  // What the kernels of the case need, and hardly more.
  device.set_last_level_cache_bytes(64);
  device.set_free_bytes(1800);
  testing::FakeKernel dense = dense_kernel("dense", 2e-3);
  dense.weight_bytes = 700;
  const std::vector<Record> result = run({dense, sparse_kernel("sparse", 1e-3)});
  EXPECT_TRUE(of(result, "sparse").vs_dense);
  for (const Record& record : result) EXPECT_FALSE(is_twin(record)) << record.kernel;
}

}  // namespace
}  // namespace twofour::run
