// How kernels of batches cut their work, what a CTA's shared memory holds, and what the provider
// says of a batch: pure functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "providers/cuda/sm90/batched.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/operation.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr int kSms = 132;

GemmProblem problem_of(GemmShape shape, std::int64_t batch, Sparsity sparsity = Sparsity::kTwoFour,
                       DataType type = DataType::kFp8E4m3) {
  return {.shape = shape, .a = type, .b = type, .sparsity = sparsity, .batch = batch};
}

/// An expert of DeepSeek-V3 at 64 tokens.
GemmProblem experts() { return problem_of({.m = 3, .n = 4096, .k = 7168}, 222); }

TEST(BatchedConfig, NamesAreStable) {
  EXPECT_EQ(to_string(BatchedConfig{.units = 3, .depth = 5}), "u3_d5");
}

TEST(BatchedConfig, PartsOfSharedMemoryDoNotOverlap) {
  for (const DataType type : {DataType::kInt8, DataType::kBf16}) {
    for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
      for (const std::int64_t m : {1, 16, 17, 64, 128, 300}) {
        const GemmProblem problem = problem_of({.m = m, .n = 256, .k = 512}, 3, sparsity, type);
        for (const int units : {1, 2, 4}) {
          const BatchedLayout layout = batched_layout(problem, {.units = units, .depth = 3});
          SCOPED_TRACE(to_string(problem) + " " + to_string(BatchedConfig{.units = units}));
          EXPECT_GE(layout.activations, units * unit_bytes(type, sparsity));
          EXPECT_GE(layout.slot, layout.activations + padded_m(m) * chunk_row_bytes(sparsity));
          EXPECT_GE(layout.pieces, BatchedLayout::kBarriers + 3 * layout.slot);
          EXPECT_GE(layout.bytes, layout.pieces + units * 16 * 128);
          // Matrices in the 128-byte swizzle.
          for (const int at : {layout.activations, layout.slot, layout.pieces,
                               BatchedLayout::kBarriers, BatchedLayout::kPieceBytes}) {
            EXPECT_EQ(at % 1024, 0);
          }
        }
      }
    }
  }
}

TEST(BatchedConfig, CountsTilesOfEveryGemm) {
  EXPECT_EQ(batched_tiles(experts(), {.units = 2}), 222 * 32);
  // A GEMM's last tile has fewer rows; nobody's tile goes over into the next GEMM.
  EXPECT_EQ(batched_tiles(problem_of({.m = 1, .n = 65, .k = 64}, 5), {.units = 1}), 10);
  EXPECT_EQ(batched_tiles(problem_of({.m = 1, .n = 65, .k = 64}, 5), {.units = 4}), 5);
  EXPECT_EQ(batched_tiles(problem_of({.m = 129, .n = 64, .k = 64}, 5), {.units = 1}), 10);
}

TEST(BatchedConfig, RefusesWhatCannotRun) {
  const GemmProblem problem = experts();
  EXPECT_EQ(refusal(problem, {.units = 2, .depth = 8}), std::nullopt);
  EXPECT_NE(refusal(problem, {.units = 0, .depth = 8}), std::nullopt);
  EXPECT_NE(refusal(problem, {.units = 5, .depth = 2}), std::nullopt);
  EXPECT_NE(refusal(problem, {.units = 1, .depth = 1}), std::nullopt);
  EXPECT_NE(refusal(problem, {.units = 1, .depth = kMaxBatchedDepth + 1}), std::nullopt);
  EXPECT_NE(refusal(problem, {.units = 4, .depth = 8}), std::nullopt);  // shared memory
  GemmProblem with_bias = problem;
  with_bias.bias = true;
  EXPECT_NE(refusal(with_bias, {.units = 2, .depth = 8}), std::nullopt);
}

TEST(BatchedCandidates, CanRunTheFastestFirst) {
  for (const DataType type : {DataType::kInt8, DataType::kFp16}) {
    for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
      for (const std::int64_t m : {1, 16, 64, 128, 1000}) {
        for (const GemmShape shape : {GemmShape{m, 1, 16}, {m, 4100, 2048}, {m, 28672, 4096}}) {
          const GemmProblem problem = problem_of(shape, 8, sparsity, type);
          const auto list = batched_candidates(problem, kSms, 6);
          ASSERT_FALSE(list.empty());
          std::set<std::string> names;
          for (std::size_t i = 0; i < list.size(); ++i) {
            SCOPED_TRACE(to_string(problem) + " " + to_string(list[i]));
            EXPECT_EQ(refusal(problem, list[i]), std::nullopt);
            EXPECT_TRUE(names.insert(to_string(list[i])).second);
            if (i == 0) continue;
            EXPECT_LE(batched_bytes(problem, list[i - 1], kSms),
                      batched_bytes(problem, list[i], kSms));
          }
        }
      }
    }
  }
}

TEST(BatchedCandidates, KeepEnoughWeightsInFlight) {
  const BatchedConfig best = batched_candidates(experts(), kSms, 1).front();
  const int unit = unit_bytes(DataType::kFp8E4m3, Sparsity::kTwoFour);
  EXPECT_GE(best.units * best.depth * unit, 100 * 1024);
}

TEST(BatchedCandidates, HaveNarrowTilesWhereThereAreFew) {
  // 132 tiles of 64 rows: one for each SM, where wider ones leave SMs idle.
  EXPECT_EQ(
      batched_candidates(problem_of({.m = 1, .n = 33 * 64, .k = 4096}, 4), kSms, 1).front().units,
      1);
}

TEST(BatchedWeights, LieOneBehindAnotherUnderAKeyOfTheirOwn) {
  const GemmProblem several = experts();
  GemmProblem one = several;
  one.batch = 1;
  EXPECT_EQ(weight_layout(several).bytes, 222 * weight_layout(one).bytes);
  EXPECT_NE(weight_layout(several).key, weight_layout(one).key);
  EXPECT_EQ(workspace_bytes(several), 222U * 3 * 7168);
  EXPECT_EQ(workspace_bytes(one), 0U);
}

TEST(BatchedWeights, TakeAnyM) {
  GemmProblem problem = problem_of({.m = 1, .n = 64, .k = 64}, 3, Sparsity::kDense);
  EXPECT_EQ(most_rows(problem), std::nullopt);
  problem.batch = 1;
  EXPECT_EQ(most_rows(problem), kMaxM);
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
