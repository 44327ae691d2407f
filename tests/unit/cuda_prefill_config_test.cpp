// How prefill kernels cut their work, and what a CTA's shared memory holds: pure functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/prefill.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr int kSms = 132;

GemmProblem problem_of(std::int64_t m, std::int64_t k, std::int64_t n) {
  return {.shape = {m, n, k}, .sparsity = Sparsity::kTwoFour};
}

TEST(PrefillConfig, NamesAreStable) {
  EXPECT_EQ(to_string(PrefillConfig{.tokens = 192, .ranks = 1, .group = 4}), "n192_c1_g4");
  EXPECT_EQ(to_string(PrefillConfig{.split = true}), "n256_c2_g8_split");
}

TEST(PrefillConfig, PartsOfSharedMemoryDoNotOverlap) {
  for (const int tokens : kPrefillTokens) {
    SCOPED_TRACE(tokens);
    const PrefillLayout layout = prefill_layout(tokens);
    const int weights = 2 * unit_bytes(DataType::kInt8, Sparsity::kTwoFour);
    EXPECT_GE(layout.activations, 1024 + layout.weight_slots * weights);
    EXPECT_GE(layout.pieces, layout.activations + layout.activation_slots * tokens * 128);
    EXPECT_GE(layout.scales,
              layout.pieces + 2 * PrefillLayout::kPieceSlots * PrefillLayout::kPieceBytes);
    EXPECT_GE(layout.bytes, layout.scales + 4 * tokens * 4);
    EXPECT_LE(layout.bytes, kMaxSharedBytes);
    // Matrices in the 128-byte swizzle, and what a rank of two loads of them.
    for (const int at : {layout.activations, layout.pieces, tokens / 2 * 128}) {
      EXPECT_EQ(at % 1024, 0);
    }
    EXPECT_GE(layout.weight_slots, 3);
    EXPECT_GE(layout.activation_slots, 4);
  }
}

TEST(PrefillConfig, RefusesWhatCannotRun) {
  const GemmProblem problem = problem_of(1024, 4096, 4096);
  EXPECT_EQ(refusal(problem, PrefillConfig{}), std::nullopt);
  EXPECT_NE(refusal(problem, PrefillConfig{.tokens = 100}), std::nullopt);
  EXPECT_NE(refusal(problem, PrefillConfig{.ranks = 4}), std::nullopt);
  EXPECT_NE(refusal(problem, PrefillConfig{.group = 0}), std::nullopt);
  EXPECT_EQ(refusal(problem, PrefillConfig{.split = true}), std::nullopt);
  EXPECT_NE(refusal(problem, PrefillConfig{.ranks = 1, .split = true}), std::nullopt);
  EXPECT_NE(refusal(problem, PrefillConfig{.tokens = 208, .split = true}), std::nullopt);
  GemmProblem dense = problem;
  dense.sparsity = Sparsity::kDense;
  EXPECT_NE(refusal(dense, PrefillConfig{}), std::nullopt);
  EXPECT_TRUE(prefill_candidates(dense, kSms, 4).empty());
  GemmProblem mixed = problem;
  mixed.a = DataType::kBf16;
  EXPECT_NE(refusal(mixed, PrefillConfig{}), std::nullopt);
  EXPECT_TRUE(prefill_candidates(mixed, kSms, 4).empty());
  GemmProblem wide = mixed;
  wide.b = DataType::kBf16;
  EXPECT_EQ(refusal(wide, PrefillConfig{}), std::nullopt);
}

TEST(PrefillCandidates, CanRunTheFastestFirst) {
  for (const std::int64_t m : {129, 256, 1024, 4096, 65536}) {
    for (const std::int64_t k : {16, 4096, 28672}) {
      for (const std::int64_t n : {1, 100, 4096, 57344}) {
        const GemmProblem problem = problem_of(m, k, n);
        const auto list = prefill_candidates(problem, kSms, 6);
        ASSERT_EQ(list.size(), 6U);
        for (std::size_t i = 0; i < list.size(); ++i) {
          SCOPED_TRACE(to_string(problem) + " " + to_string(list[i]));
          EXPECT_EQ(refusal(problem, list[i]), std::nullopt);
          if (i > 0) {
            EXPECT_LE(prefill_cycles(problem, list[i - 1], kSms),
                      prefill_cycles(problem, list[i], kSms));
          }
        }
      }
    }
  }
}

TEST(PrefillCandidates, FillTheLastWave) {
  // 4096 x 1024: 128 tiles of 128 x 256, one wave.
  EXPECT_EQ(prefill_candidates(problem_of(1024, 4096, 4096), kSms, 1).front().tokens, 256);
  // 5120 x 1024: 160 of those are two waves, of which narrower tiles fill the second.
  EXPECT_LT(prefill_candidates(problem_of(1024, 4096, 5120), kSms, 1).front().tokens, 256);
}

TEST(PrefillConfig, SplitsALastWaveThatFitsAsHalves) {
  const GemmProblem problem = problem_of(1024, 4096, 4096);
  const PrefillConfig split{.split = true};
  EXPECT_EQ(prefill_whole_tiles(problem, split, 66 + 33, 66), 66);
  EXPECT_EQ(prefill_whole_tiles(problem, split, 33, 66), 0);
  EXPECT_EQ(prefill_whole_tiles(problem, split, 66 + 34, 66), 100);
  EXPECT_EQ(prefill_whole_tiles(problem, split, 2 * 66, 66), 132);
  EXPECT_EQ(prefill_whole_tiles(problem, PrefillConfig{}, 66 + 33, 66), 99);
  // One chunk has no halves.
  EXPECT_EQ(prefill_whole_tiles(problem_of(1024, 256, 4096), split, 33, 66), 33);
}

TEST(PrefillCandidates, TakeSixteenBitTypesAsTwiceTheK) {
  GemmProblem wide = problem_of(1024, 4096, 6144);
  wide.a = wide.b = DataType::kBf16;
  EXPECT_EQ(prefill_cycles(wide, {}, kSms), prefill_cycles(problem_of(1024, 8192, 6144), {}, kSms));
}

TEST(PrefillCandidates, SplitTheLastWaveOfALargeK) {
  // 92 tiles of 256 x 256: 66 at once, and 26 as halves.
  const PrefillConfig first = prefill_candidates(problem_of(1024, 12288, 5888), kSms, 1).front();
  EXPECT_EQ(first.tokens, 256);
  EXPECT_TRUE(first.split);
  // One whole wave has nothing to split.
  for (const PrefillConfig& each : prefill_candidates(problem_of(1024, 12288, 4096), kSms, 20)) {
    if (each.tokens == 256) {
      EXPECT_FALSE(each.split);
    }
  }
}

TEST(PrefillCandidates, ShareActivationsInClusters) {
  EXPECT_EQ(prefill_candidates(problem_of(8192, 8192, 8192), kSms, 1).front().ranks, 2);
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
