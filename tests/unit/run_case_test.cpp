// What becomes of a case's kernels when things go wrong, and of its memory.
#include <algorithm>
#include <string>
#include <vector>

#include "providers/tuning.h"
#include "run/case_plan.h"
#include "run_fixture.h"

namespace twofour::run {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeFault;
using ::testing::SizeIs;

TEST_F(RunTest, OneRowForEachKernelInTheOrderOfSparseBenchmarks) {
  const std::vector<Record> result =
      run({sparse_kernel("sparse", 1e-3), dense_kernel("dense", 2e-3), bf16_kernel("bf16", 4e-3)});
  ASSERT_THAT(result, SizeIs(3));
  EXPECT_EQ(result[0].kernel, "bf16");
  EXPECT_EQ(result[1].kernel, "dense");
  EXPECT_EQ(result[2].kernel, "sparse");
  for (const Record& record : result) {
    EXPECT_EQ(record.outcome.kind, OutcomeKind::kOk) << record.outcome.reason;
    EXPECT_TRUE(record.accuracy && record.summary && record.samples);
    EXPECT_EQ(record.repro, "measure 4x16x8");
  }
}

TEST_F(RunTest, NothingIsLeftAllocated) {
  run({dense_kernel("dense", 1e-3), sparse_kernel("sparse", 1e-3, FakeFault::kThrowsInPlan)});
  EXPECT_EQ(device.live_bytes(), 0U);
}

TEST_F(RunTest, ASkippedCaseIsARowForEachKernelWithItsReason) {
  c.skip_reason = "N = 7 is not a multiple of 2";
  const std::vector<Record> result =
      run({dense_kernel("dense", 1e-3), sparse_kernel("sparse", 1e-3)});
  ASSERT_THAT(result, SizeIs(2));
  for (const Record& record : result) {
    EXPECT_EQ(record.outcome.kind, OutcomeKind::kSkipped);
    EXPECT_EQ(record.outcome.reason, "N = 7 is not a multiple of 2");
  }
  EXPECT_EQ(fake->calls("dense").prepared, 0);
}

TEST_F(RunTest, AnUnsupportedProblemIsNotPrepared) {
  testing::FakeKernel sparse = sparse_kernel("sparse", 1e-3);
  sparse.unsupported = "K must be a multiple of 64";
  const std::vector<Record> result = run({dense_kernel("dense", 1e-3), sparse});
  EXPECT_EQ(of(result, "sparse").outcome.kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(of(result, "sparse").outcome.reason, "K must be a multiple of 64");
  EXPECT_EQ(fake->calls("sparse").prepared, 0);
  EXPECT_EQ(of(result, "dense").outcome.kind, OutcomeKind::kOk);
}

testing::FakeKernel in_batches(testing::FakeKernel kernel) {
  kernel.info = providers::batched(kernel.info);
  return kernel;
}

TEST_F(RunTest, ABatchIsOneLaunchOfAllExpertsBesideThoseOneAfterAnother) {
  c.experts = 3;
  const std::vector<Record> result =
      run({dense_kernel("dense", 1e-3), in_batches(dense_kernel("dense", 1e-3)),
           in_batches(sparse_kernel("sparse", 5e-4))});
  ASSERT_THAT(result, SizeIs(3));
  const Record& batch = of(result, "dense_batched");
  EXPECT_EQ(batch.outcome.kind, OutcomeKind::kOk) << batch.outcome.reason;
  EXPECT_EQ(batch.problem.batch, 3);
  EXPECT_EQ(batch.experts, 3);
  EXPECT_EQ(of(result, "dense").problem.batch, 1);
  EXPECT_NEAR(batch.summary->median_s, 1e-3, 1e-6) << "one launch";
  EXPECT_NEAR(of(result, "dense").summary->median_s, 3e-3, 1e-6) << "three";
  EXPECT_EQ(of(result, "sparse_batched").baseline, "dense_batched") << "the fastest of both ways";
  EXPECT_EQ(device.live_bytes(), 0U);
}

TEST_F(RunTest, ABatchIsCheckedAtItsEnds) {
  c.experts = 3;
  const std::vector<Record> result =
      run({in_batches(dense_kernel("dense", 1e-3, FakeFault::kLacksLast))});
  EXPECT_EQ(of(result, "dense_batched").outcome.kind, OutcomeKind::kIncorrect);
}

TEST_F(RunTest, ABatchTakesNoPartWhereALaunchHasOneGemm) {
  const std::vector<Record> result =
      run({dense_kernel("dense", 1e-3), in_batches(dense_kernel("dense", 1e-3))});
  ASSERT_THAT(result, SizeIs(1));
  EXPECT_EQ(result[0].kernel, "dense");
}

TEST_F(RunTest, AWrongKernelIsNeverTimed) {
  const std::vector<Record> result =
      run({dense_kernel("dense", 1e-3), sparse_kernel("sparse", 1e-3, FakeFault::kWrongResult)});
  const Record& wrong = of(result, "sparse");
  EXPECT_EQ(wrong.outcome.kind, OutcomeKind::kIncorrect);
  EXPECT_FALSE(wrong.outcome.reason.empty());
  EXPECT_GT(wrong.accuracy->max_error_ratio, 1);
  EXPECT_FALSE(wrong.samples);
  EXPECT_EQ(fake->calls("sparse").launched, 1);
  EXPECT_EQ(of(result, "dense").outcome.kind, OutcomeKind::kOk);
}

struct FaultCase {
  FakeFault fault;
  std::string reason;
};

class RunFaultTest : public RunTest, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(RunFaultTest, CostsOneRow) {
  const auto& [fault, reason] = GetParam();
  const std::vector<Record> result =
      run({dense_kernel("dense", 2e-3), sparse_kernel("bad", 1e-3, fault),
           sparse_kernel("good", 1e-3)});
  ASSERT_THAT(result, SizeIs(3));
  EXPECT_EQ(of(result, "bad").outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(of(result, "bad").outcome.reason, reason);
  EXPECT_EQ(of(result, "dense").outcome.kind, OutcomeKind::kOk);
  EXPECT_EQ(of(result, "good").outcome.kind, OutcomeKind::kOk);
  EXPECT_EQ(of(result, "good").vs_dense->verdict, Verdict::kWin);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, RunFaultTest,
    ::testing::Values(FaultCase{FakeFault::kThrowsInSupports, "cannot tell"},
                      FaultCase{FakeFault::kThrowsInPrepare, "cannot prepare"},
                      FaultCase{FakeFault::kThrowsInPlan, "cannot plan"},
                      FaultCase{FakeFault::kThrowsInVerification, "cannot launch"},
                      FaultCase{FakeFault::kThrowsWhenSampled, "cannot go on"}));

TEST_F(RunTest, ALostDevicePassesThroughWithItsKernelInHand) {
  for (const FakeFault fault :
       {FakeFault::kLosesDeviceInPrepare, FakeFault::kLosesDeviceWhenSampled}) {
    EXPECT_THROW(run({dense_kernel("dense", 2e-3), sparse_kernel("bad", 1e-3, fault),
                      sparse_kernel("good", 1e-3)}),
                 device::DeviceLost);
    ASSERT_TRUE(attempts.in_hand().has_value());
    EXPECT_EQ(attempts.in_hand()->row.kernel, "bad");
    EXPECT_EQ(attempts.in_hand()->algorithm, "");
  }
}

TEST_F(RunTest, ASearchThatLosesTheDeviceHasItsAlgorithmInHand) {
  avoid = {"algorithm 3"};
  EXPECT_THROW(run({dense_kernel("dense", 2e-3),
                    sparse_kernel("bad", 1e-3, FakeFault::kLosesDeviceInSearch)}),
               device::DeviceLost);
  ASSERT_TRUE(attempts.in_hand().has_value());
  EXPECT_EQ(attempts.in_hand()->row.kernel, "bad");
  EXPECT_THAT(attempts.in_hand()->row.lost_algorithms, ElementsAre("algorithm 3"));
  EXPECT_EQ(attempts.in_hand()->algorithm, "algorithm 7");
  EXPECT_EQ(attempts.in_hand()->scope.family, "fake");
}

TEST_F(RunTest, ASearchIsHandedOneListOfAlgorithmsToAvoid) {
  avoid = {"algorithm 7"};
  const providers::SearchScope scope{.gpu = "fake", .family = "fake"};
  providers::TuningFile::shared().keep_avoided({scope, "algorithm 3"});
  const auto result = run(
      {dense_kernel("dense", 2e-3), sparse_kernel("bad", 1e-3, FakeFault::kLosesDeviceInSearch)});
  EXPECT_EQ(of(result, "bad").outcome.kind, OutcomeKind::kOk);
  EXPECT_THAT(of(result, "bad").lost_algorithms, ElementsAre("algorithm 7", "algorithm 3"));
}

TEST_F(RunTest, AnInterruptedCaseDrawsNothingAndSaysSo) {
  stop.request_stop();
  const std::vector<Record> result =
      run({dense_kernel("dense", 1e-3), sparse_kernel("sparse", 1e-3)});
  ASSERT_THAT(result, SizeIs(2));
  for (const Record& record : result) {
    EXPECT_EQ(record.outcome.kind, OutcomeKind::kSkipped);
    EXPECT_EQ(record.outcome.reason, kInterruptedReason);
  }
  EXPECT_EQ(fake->calls("dense").prepared, 0);
}

TEST_F(RunTest, WhatDoesNotFitIsSkippedWithBothNumbers) {
  testing::FakeKernel large = sparse_kernel("large", 1e-3);
  large.weight_bytes = std::size_t{2} << 30;
  const std::vector<Record> result = run({dense_kernel("dense", 1e-3), large});
  EXPECT_EQ(of(result, "large").outcome.kind, OutcomeKind::kSkipped);
  EXPECT_EQ(of(result, "large").outcome.reason,
            "needs 2.00 GiB with what runs beside it, 0.90 GiB are free");
  EXPECT_EQ(of(result, "dense").outcome.kind, OutcomeKind::kOk);
}

TEST_F(RunTest, WhereMemoryIsShortTheBf16KernelsGiveWay) {
  testing::FakeKernel bf16 = bf16_kernel("bf16", 1e-3);
  testing::FakeKernel dense = dense_kernel("dense", 1e-3);
  bf16.weight_bytes = dense.weight_bytes = std::size_t{64} << 10;
  device.set_free_bytes(std::size_t{100} << 10);
  const std::vector<Record> result = run({bf16, dense});
  EXPECT_EQ(of(result, "bf16").outcome.kind, OutcomeKind::kSkipped);
  EXPECT_EQ(of(result, "dense").outcome.kind, OutcomeKind::kOk);
}

TEST_F(RunTest, SharedWeightsCountOnce) {
  testing::FakeKernel one = sparse_kernel("one", 1e-3);
  testing::FakeKernel two = sparse_kernel("two", 1e-3);
  one.weight_bytes = two.weight_bytes = std::size_t{64} << 10;
  device.set_free_bytes(std::size_t{100} << 10);
  EXPECT_EQ(of(run({one, two}), "two").outcome.kind, OutcomeKind::kSkipped);
  EXPECT_EQ(fake->calls("two").packed, 0);
  one.weights_key = two.weights_key = "packed";
  EXPECT_EQ(of(run({one, two}), "two").outcome.kind, OutcomeKind::kOk);
  EXPECT_EQ(fake->calls("one").packed, 1);
  EXPECT_EQ(fake->calls("two").packed, 0) << "it has those of the first";
}

TEST_F(RunTest, ARowAboveTheReadRoofHasItMeasuredAgain) {
  // 128 bytes of weights in a millisecond: 128 kB/s.
  const auto kernels = {dense_kernel("dense", 1e-3)};
  device.set_last_level_cache_bytes(64);
  for (const double now : {1e6, 2e4, 5e3}) {
    roofs.read_bytes_per_s = 1e4;
    device.set_read_roof(now);
    const std::vector<Record> result = run(kernels);
    const double highest = std::max(now, 1e4);
    EXPECT_EQ(roofs.read_bytes_per_s, highest);
    EXPECT_EQ(of(result, "dense").read_roof_bytes_per_s, highest);
    EXPECT_EQ(of(result, "dense").flags.empty(), now == 1e6) << now;
  }
}

TEST_F(RunTest, ARowUnderTheReadRoofLeavesItAlone) {
  device.set_last_level_cache_bytes(64);
  device.set_read_roof(1e9);
  roofs.read_bytes_per_s = 2e5;
  EXPECT_THAT(of(run({dense_kernel("dense", 1e-3)}), "dense").flags, SizeIs(0));
  EXPECT_EQ(roofs.read_bytes_per_s, 2e5);
}

TEST_F(RunTest, RecordsSayThatADeviceWasHeldBackAndRested) {
  int rests = 0;
  config.measure.rests.take = [&](double) { ++rests; };
  EXPECT_EQ(of(run({dense_kernel("dense", 1e-3)}), "dense").samples->rest_share, 0);
  EXPECT_EQ(rests, 0);
  device.set_held_back(true);
  EXPECT_EQ(of(run({dense_kernel("dense", 1e-3)}), "dense").samples->rest_share, 0.5);
  EXPECT_GT(rests, 0);
}

TEST_F(RunTest, PlansGetTheBudget) {
  config.plan_budget_s = 0.25;
  run({dense_kernel("dense", 1e-3)});
  EXPECT_EQ(fake->calls("dense").planned_budget_s, 0.25);
}

TEST_F(RunTest, NoKernelIsInHandAfterwards) {
  run({dense_kernel("dense", 1e-3)});
  EXPECT_FALSE(attempts.in_hand().has_value());
  // Each sample is an attempt of its own.
  EXPECT_GT(attempts.entered(), 8);
  run({dense_kernel("dense", 1e-3, FakeFault::kThrowsWhenSampled)});
  EXPECT_FALSE(attempts.in_hand().has_value());
}

TEST_F(RunTest, ThePlanSaysWhatIsAllocatedAtMost) {
  testing::FakeKernel dense = dense_kernel("dense", 1e-3);
  testing::FakeKernel large = sparse_kernel("large", 1e-3);
  dense.weight_bytes = std::size_t{3} << 10;
  large.weight_bytes = std::size_t{64} << 20;
  const auto kernels = {bf16_kernel("bf16", 1e-3), dense, large};
  c.shape = {.m = 4, .n = 64, .k = 256};
  // The large one does not fit in the second run, and counts for nothing there.
  for (const std::size_t free : {std::size_t{1} << 30, std::size_t{1} << 20}) {
    testing::FakeDevice fresh;
    fresh.set_free_bytes(free);
    auto provider = std::make_unique<testing::FakeProvider>(kernels, fresh);
    instances.clear();
    instances.push_back({.row = {.name = "fake", .device_kind = DeviceKind::kCpu}});
    instances.back().provider = std::move(provider);
    const auto selected = select_kernels(instances, config.dtype, std::nullopt);
    const std::size_t expected = plan_case(config, c, selected, fresh).peak_bytes;
    EXPECT_EQ(fresh.peak_bytes(), 0U) << "nothing is allocated for the answer";
    run_case(config, c, selected, fresh, roofs, attempts, stop.get_token());
    EXPECT_EQ(fresh.peak_bytes(), expected);
  }
}

TEST_F(RunTest, AKernelAloneTakesWhatItsPlanSays) {
  run({dense_kernel("dense", 1e-3)});
  const auto selected = select_kernels(instances, config.dtype, std::nullopt);
  const CasePlan plan = plan_case(config, c, selected, device);
  EXPECT_EQ(plan.kernels[0].cold.copies, fake->calls("dense").copies);
  EXPECT_EQ(plan.kernels[0].total_bytes(), device.peak_bytes());
  EXPECT_EQ(plan.peak_bytes, device.peak_bytes());
}

TEST_F(RunTest, WhereNobodyKnowsHowMuchMemoryIsFreeNothingIsRefused) {
  device.set_free_bytes(std::nullopt);
  EXPECT_EQ(of(run({dense_kernel("dense", 1e-3)}), "dense").outcome.kind, OutcomeKind::kOk);
}

TEST_F(RunTest, ACacheOfUnknownSizeIsNotCold) {
  device.set_last_level_cache_bytes(std::nullopt);
  const std::vector<Record> result = run({dense_kernel("dense", 1e-3)});
  EXPECT_THAT(of(result, "dense").flags, ::testing::ElementsAre(Flag::kNotCold));
  EXPECT_EQ(of(result, "dense").cache.residency, Residency::kUnknown);
}

TEST_F(RunTest, MemoryThatRunsOutOutsideAKernelEndsTheRowsOfTheCase) {
  device.run_out_of_memory();
  const std::vector<Record> result = run({dense_kernel("dense", 1e-3), sparse_kernel("2:4", 1e-3)});
  ASSERT_THAT(result, SizeIs(2));
  for (const Record& record : result) {
    EXPECT_EQ(record.outcome.kind, OutcomeKind::kFailed);
    EXPECT_EQ(record.outcome.reason, "out of memory");
  }
  EXPECT_EQ(attempts.in_hand(), std::nullopt);
}

TEST_F(RunTest, ARowThatAQuotaStoppedSaysSo) {
  device.set_clocks(
      {.throttle_reasons = "CPU quota in 3 of 4 periods", .quota_throttled_share = 0.75});
  const Record throttled = of(run({dense_kernel("dense", 1e-3)}), "dense");
  EXPECT_THAT(throttled.flags, ::testing::Contains(Flag::kThrottled));
  EXPECT_EQ(throttled.clocks.quota_throttled_share, 0.75);
  device.set_clocks({.throttle_reasons = "", .quota_throttled_share = 0});
  EXPECT_THAT(of(run({dense_kernel("dense", 1e-3)}), "dense").flags,
              ::testing::Not(::testing::Contains(Flag::kThrottled)));
}

}  // namespace
}  // namespace twofour::run
