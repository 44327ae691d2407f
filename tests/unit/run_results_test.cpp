// From samples to rows: baselines, ratios, cache states, flags.
#include <set>
#include <string>
#include <vector>

#include "run_fixture.h"

namespace twofour::run {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RunTest, TheBaselineIsTheFastestDenseKernel) {
  const std::vector<Record> result =
      run({dense_kernel("slow", 3e-3), dense_kernel("quick", 2e-3), sparse_kernel("sparse", 1e-3)});
  for (const char* kernel : {"slow", "quick", "sparse"}) {
    EXPECT_EQ(of(result, kernel).baseline, "quick");
  }
  EXPECT_FALSE(of(result, "quick").vs_dense) << "a kernel is not compared with itself";
  EXPECT_NEAR(of(result, "slow").vs_dense->value, 2.0 / 3, 1e-6);
  EXPECT_EQ(of(result, "slow").vs_dense->verdict, Verdict::kLoss);
  EXPECT_NEAR(of(result, "sparse").vs_dense->value, 2, 1e-6);
  EXPECT_EQ(of(result, "sparse").vs_dense->verdict, Verdict::kWin);
}

TEST_F(RunTest, JoulesOfRoundsAreThereWhereTheDeviceCountsFinely) {
  config.measure.min_rounds = 20;
  const std::vector<testing::FakeKernel> kernels{dense_kernel("dense", 0.030),
                                                 sparse_kernel("sparse", 0.020)};
  device.set_watts(100);
  EXPECT_FALSE(of(run(kernels), "dense").energy) << "its counter may be a slow one";
  device.set_fine_energy_source("made-up counter");
  const std::vector<Record> result = run(kernels);
  for (const char* kernel : {"dense", "sparse"}) {
    const Record& row = of(result, kernel);
    ASSERT_TRUE(row.energy && row.energy->launch_j) << (row.energy ? row.energy->reason : "none");
    EXPECT_EQ(row.energy->source, "made-up counter");
    EXPECT_NEAR(*row.energy->launch_j, 100 * row.summary->median_s, 1e-6);
  }
  EXPECT_FALSE(of(result, "dense").energy->vs_dense);
  EXPECT_NEAR(of(result, "sparse").energy->vs_dense.value(), 1.5, 1e-6);
}

TEST_F(RunTest, JoulesOfShortSamplesAreNotToldAndTheRowSaysWhy) {
  device.set_watts(100);
  device.set_fine_energy_source("made-up counter");
  const std::vector<Record> result =
      run({dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3)});
  ASSERT_TRUE(of(result, "sparse").energy);
  EXPECT_FALSE(of(result, "sparse").energy->launch_j);
  EXPECT_FALSE(of(result, "sparse").energy->vs_dense);
  EXPECT_THAT(of(result, "sparse").energy->reason, ::testing::HasSubstr("too short"));
}

TEST_F(RunTest, AWrongKernelIsNoBaseline) {
  const std::vector<Record> result =
      run({dense_kernel("wrong", 1e-4, testing::FakeFault::kWrongResult),
           dense_kernel("right", 2e-3), sparse_kernel("sparse", 1e-3)});
  EXPECT_EQ(of(result, "sparse").baseline, "right");
}

TEST_F(RunTest, ABaselineThatFailsWhenSampledIsReplaced) {
  const std::vector<Record> result =
      run({dense_kernel("failing", 1e-4, testing::FakeFault::kThrowsWhenSampled),
           dense_kernel("right", 2e-3), sparse_kernel("sparse", 1e-3)});
  EXPECT_EQ(of(result, "sparse").baseline, "right");
  EXPECT_NEAR(of(result, "sparse").vs_dense->value, 2, 1e-6);
}

TEST_F(RunTest, LikeIsComparedWithLike) {
  testing::FakeKernel dense_bias = dense_kernel("dense_bias", 4e-3);
  testing::FakeKernel sparse_bias = sparse_kernel("sparse_bias", 1e-3);
  dense_bias.info.bias = sparse_bias.info.bias = true;
  const std::vector<Record> result =
      run({dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3), dense_bias, sparse_bias});
  EXPECT_EQ(of(result, "sparse").baseline, "dense");
  EXPECT_EQ(of(result, "sparse_bias").baseline, "dense_bias");
  EXPECT_NEAR(of(result, "sparse_bias").vs_dense->value, 4, 1e-6);
}

TEST_F(RunTest, WithoutADenseKernelThereIsNoRatio) {
  const std::vector<Record> result = run({sparse_kernel("sparse", 1e-3)});
  EXPECT_EQ(of(result, "sparse").baseline, "");
  EXPECT_FALSE(of(result, "sparse").vs_dense);
  EXPECT_EQ(of(result, "sparse").outcome.kind, OutcomeKind::kOk);
}

TEST_F(RunTest, Bf16IsASecondColumn) {
  const std::vector<Record> result =
      run({bf16_kernel("bf16", 6e-3), dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3)});
  EXPECT_EQ(of(result, "sparse").bf16_baseline, "bf16");
  EXPECT_NEAR(of(result, "sparse").vs_bf16->value, 6, 1e-6);
  EXPECT_NEAR(of(result, "sparse").vs_dense->value, 2, 1e-6) << "the same type comes first";
  EXPECT_NEAR(of(result, "dense").vs_bf16->value, 3, 1e-6);
  EXPECT_FALSE(of(result, "bf16").vs_bf16);
}

TEST_F(RunTest, ColdRotatesOverCopiesAndTouchesEach) {
  const std::vector<Record> result = run({dense_kernel("dense", 1e-4)});
  const CacheState& cache = of(result, "dense").cache;
  EXPECT_EQ(cache.method, CacheMethod::kRotate);
  EXPECT_EQ(cache.copies, 8) << "2 KiB, twice the cache, over 256 bytes a copy";
  EXPECT_EQ(fake->calls("dense").copies, 8);
  EXPECT_EQ(std::set<int>(device.slots().begin(), device.slots().end()).size(), 8U);
}

TEST_F(RunTest, ColdAndHotAreTwoRowsWithRatiosOfTheirOwn) {
  config.caches = {CacheMode::kCold, CacheMode::kHot};
  const std::vector<Record> result =
      run({dense_kernel("dense", 2e-3), sparse_kernel("sparse", 1e-3)});
  ASSERT_THAT(result, SizeIs(4));
  for (const CacheMode mode : {CacheMode::kCold, CacheMode::kHot}) {
    EXPECT_NEAR(of(result, "sparse", mode).vs_dense->value, 2, 1e-6);
  }
  const CacheState& hot = of(result, "sparse", CacheMode::kHot).cache;
  EXPECT_EQ(hot.copies, 1);
  EXPECT_EQ(hot.method, CacheMethod::kNone);
  EXPECT_THAT(device.loops(), SizeIs(4));
}

TEST_F(RunTest, HotAloneMakesOneCopy) {
  config.caches = {CacheMode::kHot};
  const std::vector<Record> result = run({dense_kernel("dense", 1e-3)});
  EXPECT_EQ(of(result, "dense", CacheMode::kHot).cache.copies, 1);
  EXPECT_EQ(fake->calls("dense").copies, 1);
}

TEST_F(RunTest, WhereNothingKeepsWeightsOutTheRowSaysSo) {
  // The copies that 64 MiB of cache need do not fit, and nothing can be flushed.
  device.set_last_level_cache_bytes(std::size_t{64} << 20);
  device.set_free_bytes(std::size_t{1} << 20);
  EXPECT_THAT(of(run({dense_kernel("dense", 1e-3)}), "dense").flags, ElementsAre(Flag::kNotCold));
  device.set_can_flush(true);
  const std::vector<Record> flushed = run({dense_kernel("dense", 1e-3)});
  EXPECT_EQ(of(flushed, "dense").cache.method, CacheMethod::kFlush);
  EXPECT_THAT(of(flushed, "dense").flags, IsEmpty());
}

TEST_F(RunTest, AHotRowAcrossTheCliffSaysSo) {
  // 128 bytes of dense weights, 80 of 2:4, a cache of 100.
  config.caches = {CacheMode::kHot};
  device.set_last_level_cache_bytes(100);
  const std::vector<Record> result =
      run({dense_kernel("dense", 4e-3), sparse_kernel("sparse", 1e-3)});
  EXPECT_EQ(of(result, "sparse", CacheMode::kHot).cache.residency, Residency::kCliff);
  EXPECT_THAT(of(result, "sparse", CacheMode::kHot).flags, ElementsAre(Flag::kCliff));
}

TEST_F(RunTest, ASpeedUpAboveItsCeilingIsFlagged) {
  const std::vector<Record> result =
      run({dense_kernel("dense", 3e-3), sparse_kernel("sparse", 1e-3)});
  EXPECT_THAT(of(result, "sparse").flags, Contains(Flag::kAboveCeiling));
  EXPECT_THAT(of(result, "dense").flags, IsEmpty());
}

TEST_F(RunTest, TooLittleTimeIsUnstableNotDropped) {
  config.measure.max_time_s = 1e-9;
  const std::vector<Record> result = run({dense_kernel("dense", 1e-3)});
  const Record& record = of(result, "dense");
  EXPECT_EQ(record.outcome.kind, OutcomeKind::kUnstable);
  EXPECT_FALSE(record.outcome.reason.empty());
  EXPECT_THAT(record.flags, Contains(Flag::kUnstable));
  EXPECT_EQ(record.summary->samples, 1);
}

}  // namespace
}  // namespace twofour::run
