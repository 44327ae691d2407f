// Memory and rotation of a case, decided from numbers alone.
#include "run/case_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace twofour::run {
namespace {

using ::testing::SizeIs;

constexpr GemmShape kShape{.m = 4, .n = 64, .k = 256};
constexpr std::size_t kWeights = std::size_t{16} << 10;
// 4 x 256 and 64 x 256 elements; a scale each; two biases of 64.
constexpr std::size_t kInt8Operands = 1024 + 16384 + 2 * 4 + 2 * 64 * 2;
constexpr std::size_t kBf16Operands = 2 * (1024 + 16384) + 2 * 4 + 2 * 64 * 2;
constexpr std::size_t kOutput = std::size_t{16} * 64 * 2;  // with room for 16 rows

KernelNeed need(std::string key, DataType a = DataType::kInt8) {
  return {
      .problem = {.shape = kShape, .a = a, .b = a, .d = DataType::kBf16},
      .footprint = {.weights = {.key = std::move(key), .bytes = kWeights}, .workspace_bytes = 100}};
}

class CasePlanTest : public ::testing::Test {
 protected:
  CasePlanTest() {
    config.mode = BenchMode::kSquare;
    config.dtype = DataType::kInt8;
  }
  [[nodiscard]] CasePlan plan(const std::vector<KernelNeed>& needs) const {
    return plan_case(config, needs, facts);
  }

  RunConfig config;
  MemoryFacts facts{.free_bytes = std::size_t{1} << 30, .last_level_cache_bytes = 2 * kWeights};
};

TEST_F(CasePlanTest, AKernelTakesOperandsCopiesOutputAndWorkspace) {
  const CasePlan one = plan({need("a")});
  const KernelPlan& kernel = one.kernels.at(0);
  EXPECT_EQ(kernel.cold.copies, 4) << "twice the cache";
  EXPECT_EQ(kernel.cold.method, CacheMethod::kRotate);
  EXPECT_EQ(kernel.operand_bytes, kInt8Operands);
  EXPECT_EQ(kernel.output_bytes, kOutput);
  EXPECT_EQ(kernel.workspace_bytes, 100U);
  EXPECT_EQ(kernel.weight_bytes(), 4 * kWeights);
  EXPECT_EQ(kernel.total_bytes(), kInt8Operands + kOutput + 100 + 4 * kWeights);
  EXPECT_EQ(one.peak_bytes, kernel.total_bytes());
}

TEST_F(CasePlanTest, EachGemmOfALaunchHasWeightsOfItsOwn) {
  KernelNeed experts = need("a");
  experts.gemms = 3;
  const CasePlan three = plan({experts});
  const KernelPlan& kernel = three.kernels.at(0);
  EXPECT_EQ(kernel.cold.bytes_per_copy, 3 * kWeights) << "what a launch reads";
  EXPECT_EQ(kernel.cold.copies, 2) << "twice the cache";
  EXPECT_EQ(kernel.weight_copies(), 6);
  EXPECT_EQ(kernel.weight_bytes(), 6 * kWeights);
  EXPECT_EQ(three.peak_bytes, kInt8Operands + kOutput + 100 + 6 * kWeights);
  experts.gemms = 100000;
  EXPECT_EQ(plan({experts}).kernels.at(0).outcome.kind, OutcomeKind::kSkipped);
}

TEST_F(CasePlanTest, ABatchHasADForEachGemmAndOthersWriteTheFirst) {
  KernelNeed batch = need("batch");
  batch.problem.batch = 3;
  batch.footprint.weights.bytes = 3 * kWeights;
  const CasePlan both = plan({need("a"), batch});
  EXPECT_EQ(both.kernels.at(0).output_bytes, 3 * kOutput) << "one D, with room for the largest";
  EXPECT_EQ(both.kernels.at(1).output_bytes, 3 * kOutput);
  ASSERT_THAT(both.outputs, SizeIs(1));
  EXPECT_EQ(both.outputs[0].bytes, 3 * kOutput);
  EXPECT_EQ(both.kernels.at(1).weight_copies(), both.kernels.at(1).cold.copies);
}

TEST_F(CasePlanTest, WhatIsSharedCountsOnce) {
  const CasePlan shared = plan({need("a"), need("a")});
  EXPECT_EQ(shared.peak_bytes, kInt8Operands + kOutput + 2 * 100 + 4 * kWeights);
  const CasePlan apart = plan({need("a"), need("b")});
  EXPECT_EQ(apart.peak_bytes, shared.peak_bytes + 4 * kWeights);
  KernelNeed fp16 = need("a");
  fp16.problem.d = DataType::kFp16;
  EXPECT_EQ(plan({need("a"), fp16}).peak_bytes, shared.peak_bytes + kOutput);
  EXPECT_THAT(plan({need("a"), fp16}).outputs, SizeIs(2));
}

TEST_F(CasePlanTest, TheLargestTypeComesFirstAndItsBIsGoneForTheNext) {
  const CasePlan both = plan({need("a"), need("16", DataType::kBf16)});
  ASSERT_THAT(both.operands, SizeIs(2));
  EXPECT_EQ(both.operands[0].spec.type, DataType::kBf16);
  EXPECT_EQ(both.operands[1].spec.type, DataType::kInt8);
  const std::size_t b16 = std::size_t{2} * 64 * 256;
  EXPECT_EQ(both.peak_bytes,
            kBf16Operands - b16 + kInt8Operands + kOutput + 2 * (4 * kWeights) + 2 * 100);
}

TEST_F(CasePlanTest, KernelsOfTheRunAreTakenBeforeThoseTheyAreComparedWith) {
  // Room for one of them; the first asked for is the less important one.
  facts.free_bytes = std::size_t{64} << 10;
  const CasePlan short_of_memory = plan({need("16", DataType::kBf16), need("a")});
  EXPECT_FALSE(short_of_memory.kernels[0].runs());
  EXPECT_TRUE(short_of_memory.kernels[1].runs());
  EXPECT_THAT(short_of_memory.operands, SizeIs(1)) << "of kernels that run";
  // A small one after a large one still fits.
  KernelNeed large = need("large");
  large.footprint.weights.bytes = std::size_t{1} << 20;
  const CasePlan mixed = plan({large, need("a")});
  EXPECT_FALSE(mixed.kernels[0].runs());
  EXPECT_TRUE(mixed.kernels[1].runs());
}

TEST_F(CasePlanTest, ARefusalNamesBothNumbers) {
  KernelNeed large = need("large");
  large.footprint.workspace_bytes = std::size_t{3} << 29;
  const CasePlan refused = plan({large});
  EXPECT_EQ(refused.kernels[0].outcome.kind, OutcomeKind::kSkipped);
  EXPECT_EQ(refused.kernels[0].outcome.reason,
            "needs 1.50 GiB with what runs beside it, 0.90 GiB are free");
  EXPECT_EQ(refused.peak_bytes, 0U);
  EXPECT_EQ(refused.kernels[0].total_bytes(),
            kInt8Operands + kOutput + kWeights + large.footprint.workspace_bytes)
      << "what it would take is still known";
}

TEST_F(CasePlanTest, KernelsThatTakeNoPartKeepTheirReasonAndCountForNothing) {
  const KernelNeed unsupported{.outcome = {OutcomeKind::kUnsupported, "K must be even"}};
  const CasePlan with = plan({unsupported, need("a")});
  EXPECT_EQ(with.kernels[0].outcome.kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(with.kernels[0].outcome.reason, "K must be even");
  EXPECT_EQ(with.peak_bytes, plan({need("a")}).peak_bytes);
}

TEST_F(CasePlanTest, CopiesShareHalfOfWhatIsLeft) {
  // One copy each of 16 KiB and some 20 KiB of the rest leave half of 0.9 x 200 KiB - 52 KiB to
  // two layouts: 32 KiB each, and twice the cache is 64 KiB.
  facts.free_bytes = std::size_t{200} << 10;
  EXPECT_EQ(plan({need("a"), need("b")}).kernels[0].cold.method, CacheMethod::kNone);
  EXPECT_EQ(plan({need("a"), need("a")}).kernels[0].cold.copies, 4) << "one layout has it alone";
  facts.can_flush = true;
  const CasePlan flushed = plan({need("a"), need("b")});
  EXPECT_EQ(flushed.kernels[1].cold.method, CacheMethod::kFlush);
  EXPECT_EQ(flushed.kernels[1].cold.copies, 1);
}

TEST_F(CasePlanTest, WhereLinesCanBeFlushedRotationHasALimit) {
  facts.free_bytes = std::size_t{64} << 30;
  facts.last_level_cache_bytes = std::size_t{256} << 20;
  KernelNeed large = need("a");
  large.footprint.weights.bytes = std::size_t{64} << 20;
  EXPECT_EQ(plan({large}).kernels[0].cold.copies, 8);
  facts.can_flush = true;
  EXPECT_EQ(plan({large}).kernels[0].cold.method, CacheMethod::kFlush);
}

TEST_F(CasePlanTest, AHotRunHasOneCopy) {
  config.caches = {CacheMode::kHot};
  const KernelPlan hot = plan({need("a")}).kernels[0];
  EXPECT_EQ(hot.cold.copies, 1);
  EXPECT_EQ(hot.cold.mode, CacheMode::kHot);
  EXPECT_EQ(hot.cold.bytes_per_copy, kWeights);
  EXPECT_EQ(hot.cold.last_level_cache_bytes, facts.last_level_cache_bytes);
}

TEST_F(CasePlanTest, NothingToRunTakesNothing) {
  EXPECT_EQ(plan({}).peak_bytes, 0U);
  EXPECT_THAT(plan({}).operands, SizeIs(0));
}

}  // namespace
}  // namespace twofour::run
