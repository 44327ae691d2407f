// Which kernels of a case are measured under sustained load, and what their rows then say. Blocks
// are milliseconds long here; launches of the fake device take the time that they are told to.
#include <algorithm>

#include "run_fixture.h"

namespace twofour::run {
namespace {

using testing::FakeFault;
using ::testing::SizeIs;

class SustainedTest : public RunTest {
 protected:
  SustainedTest() {
    config.load = Load::kBoth;
    config.blocks = {.block_s = 0.002, .settle_s = 0.001, .piece_s = 1e-4};
    device.set_watts(500);
  }

  static std::vector<std::string> loaded(const std::vector<Record>& records) {
    std::vector<std::string> kernels;
    for (const Record& record : records) {
      if (record.sustained) kernels.push_back(record.kernel);
    }
    return kernels;
  }
};

TEST_F(SustainedTest, TheBestKernelsOfTheCaseAreMeasured) {
  const auto records = run({dense_kernel("slow dense", 3e-5), dense_kernel("dense", 2e-5),
                            sparse_kernel("sparse", 1e-5), sparse_kernel("slow sparse", 5e-5)});
  EXPECT_THAT(loaded(records), ::testing::UnorderedElementsAre("dense", "sparse"));
  const Sustained& dense = *of(records, "dense").sustained;
  const Sustained& sparse = *of(records, "sparse").sustained;
  EXPECT_THAT(dense.launch_s, SizeIs(6));
  EXPECT_THAT(sparse.launch_s, SizeIs(6));
  EXPECT_FALSE(dense.vs_dense);
  ASSERT_TRUE(sparse.vs_dense);
  EXPECT_NEAR(sparse.vs_dense->value, 2, 1e-6);
  ASSERT_TRUE(dense.median_s);
  EXPECT_NEAR(*dense.median_s, 2e-5, 1e-9);
}

TEST_F(SustainedTest, ARestedRunDoesNone) {
  config.load = Load::kRested;
  EXPECT_THAT(loaded(run({dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)})), SizeIs(0));
}

TEST_F(SustainedTest, NeedsADenseAndASparseKernel) {
  EXPECT_THAT(loaded(run({dense_kernel("dense", 2e-5)})), SizeIs(0));
  EXPECT_THAT(loaded(run({sparse_kernel("sparse", 2e-5)})), SizeIs(0));
}

TEST_F(SustainedTest, JoulesAreThoseOfALaunch) {
  const auto records = run({dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)});
  const Sustained& dense = *of(records, "dense").sustained;
  const Sustained& sparse = *of(records, "sparse").sustained;
  ASSERT_TRUE(dense.median_j && sparse.median_j && sparse.energy_vs_dense);
  // The fake device takes energy by its own time, and a step of its counter is one launch.
  EXPECT_NEAR(*dense.median_j, 500 * 2e-5, 0.1 * 500 * 2e-5);
  EXPECT_NEAR(sparse.energy_vs_dense->value, 2, 0.2);
}

TEST_F(SustainedTest, BothMeasurementsHaveTheirEffectiveClock) {
  device.set_effective_mhz(1650);
  device.set_clocks({.core_mhz = 1980});
  const auto records = run({dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)});
  for (const char* kernel : {"dense", "sparse"}) {
    EXPECT_EQ(of(records, kernel).clocks.core_mhz, 1980);
    EXPECT_EQ(of(records, kernel).clocks.effective_sm_mhz, 1650);
    EXPECT_NEAR(of(records, kernel).sustained->effective_sm_mhz.value_or(0), 1650, 1e-6);
  }
  device.set_effective_mhz(std::nullopt);
  const auto silent = run({dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)});
  EXPECT_FALSE(of(silent, "dense").clocks.effective_sm_mhz);
  EXPECT_FALSE(of(silent, "dense").sustained->effective_sm_mhz);
}

TEST_F(SustainedTest, ADeviceThatDoesNotCountHasTimesAlone) {
  testing::FakeDevice silent;
  const auto kernels = {dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)};
  auto provider = std::make_unique<testing::FakeProvider>(kernels, silent);
  instances.push_back({.row = {.name = "fake", .device_kind = DeviceKind::kCpu}});
  instances.back().provider = std::move(provider);
  const auto selected = select_kernels(instances, config.dtype, std::nullopt);
  const auto records = run_case(config, c, selected, silent, roofs, attempts, {});
  EXPECT_TRUE(of(records, "sparse").sustained->vs_dense);
  EXPECT_FALSE(of(records, "sparse").sustained->median_j);
  EXPECT_FALSE(of(records, "sparse").sustained->energy_vs_dense);
}

TEST_F(SustainedTest, WhatFailsThereKeepsItsRow) {
  // It has been sampled a few times by then.
  const auto records = run(
      {dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5, FakeFault::kThrowsUnderLoad)});
  const Record& sparse = of(records, "sparse");
  EXPECT_TRUE(sparse.outcome.measured());
  ASSERT_TRUE(sparse.sustained);
  EXPECT_THAT(sparse.sustained->reason, ::testing::HasSubstr("cannot bear it"));
  EXPECT_FALSE(sparse.sustained->median_s);
  EXPECT_EQ(of(records, "dense").sustained->reason, sparse.sustained->reason);
  EXPECT_FALSE(attempts.in_hand().has_value());
}

TEST_F(SustainedTest, EachPieceIsAnAttempt) {
  config.load = Load::kRested;
  run({dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)});
  const int rested = attempts.entered();
  config.load = Load::kBoth;
  run({dense_kernel("dense", 2e-5), sparse_kernel("sparse", 1e-5)});
  EXPECT_GT(attempts.entered(), 2 * rested);
  EXPECT_FALSE(attempts.in_hand().has_value());
}

}  // namespace
}  // namespace twofour::run
