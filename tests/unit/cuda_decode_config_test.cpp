// How decode kernels cut their work: pure functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "providers/cuda/sm90/candidates.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/direct.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

GemmProblem problem_of(std::int64_t m, std::int64_t k, std::int64_t n,
                       Sparsity sparsity = Sparsity::kTwoFour) {
  return {.shape = {m, n, k}, .sparsity = sparsity};
}

TEST(DecodeConfig, NamesAreStable) {
  const DecodeConfig config{
      .tiles = 3, .ranks = 4, .groups = 2, .depth = 12, .overlap = Overlap::kNone};
  EXPECT_EQ(to_string(config), "t3_c4_g2_d12_serial");
}

TEST(DecodeConfig, RanksOwnAllRowsOfACluster) {
  for (const int ranks : {1, 2, 4, 8}) {
    for (int tiles = 1; tiles <= max_warpgroups(16); ++tiles) {
      const DecodeConfig config{.tiles = tiles, .ranks = ranks};
      const SharedLayout layout = shared_layout(DataType::kInt8, Sparsity::kTwoFour, 16, config);
      EXPECT_GE(layout.rows_owned * ranks, tiles * kUnitRows);
      EXPECT_EQ(layout.rows_owned % 8, 0);
    }
  }
}

TEST(DecodeConfig, PartsOfSharedMemoryDoNotOverlap) {
  for (const int m : {1, 16, 64}) {
    for (int depth = 1; depth <= 12; ++depth) {
      const DecodeConfig config{.tiles = 2, .ranks = 4, .depth = depth};
      const SharedLayout layout = shared_layout(DataType::kInt8, Sparsity::kTwoFour, m, config);
      const int rings_end = layout.activations + depth * padded_m(m) * 256;
      const int partial_bytes = 4 * m * (layout.rows_owned + 4) * 4;
      EXPECT_EQ(layout.activations % 1024, 0);
      EXPECT_EQ(layout.partials % 16, 0);
      EXPECT_EQ(layout.vectors % 16, 0);
      EXPECT_GE(layout.partials, layout.partials_over_rings ? 1024 : rings_end);
      EXPECT_GE(layout.vectors, std::max(rings_end, layout.partials + partial_bytes));
      EXPECT_GT(layout.bytes, layout.vectors);
    }
  }
}

TEST(DecodeCandidates, CanRun) {
  for (const Sparsity sparsity : {Sparsity::kTwoFour, Sparsity::kDense}) {
    for (const std::int64_t m : {1, 8, 17, 64, 100}) {
      for (const std::int64_t k : {16, 1024, 4096, 28672}) {
        for (const std::int64_t n : {1, 100, 4096, 57344}) {
          const GemmProblem problem = problem_of(m, k, n, sparsity);
          const auto list = candidates(problem, 132, 6);
          ASSERT_FALSE(list.empty());
          for (const DecodeConfig& config : list) {
            SCOPED_TRACE(to_string(problem) + " " + to_string(config));
            EXPECT_EQ(refusal(problem, config), std::nullopt);
            EXPECT_LE(config.ranks, chunks(problem.b, sparsity, k));
          }
        }
      }
    }
  }
}

TEST(DecodeCandidates, SpreadASmallLayerOverTheWholeGpu) {
  // 64 row tiles of 4096 rows: without cutting K, half of 132 SMs would have nothing to do.
  const DecodeConfig best = candidates(problem_of(16, 4096, 4096), 132, 1).front();
  EXPECT_GE(64 / best.tiles * best.ranks, 120);
  EXPECT_EQ(units_per_multiprocessor(problem_of(16, 4096, 4096), {best.tiles, best.ranks}, 132), 8);
}

TEST(DirectCandidates, CanRunAndCoverTheWeight) {
  for (const Sparsity sparsity : {Sparsity::kTwoFour, Sparsity::kDense}) {
    for (const std::int64_t m : {1, 8, 9, 16}) {
      for (const std::int64_t k : {1024, 4096, 28672}) {
        for (const std::int64_t n : {2048, 6144, 57344}) {
          const GemmProblem problem = problem_of(m, k, n, sparsity);
          const auto list = direct_candidates(problem, 132, 6);
          ASSERT_FALSE(list.empty());
          EXPECT_LE(list.size(), 18U);
          for (const DirectConfig& config : list) {
            SCOPED_TRACE(to_string(problem) + " " + to_string(config));
            EXPECT_EQ(refusal(problem, config), std::nullopt);
            const DirectLayout layout = direct_layout(problem, config);
            EXPECT_GE(layout.rows_owned * config.ranks, config.rows());
            // The partial sums of a warp lie in its ring.
            EXPECT_LE(4 * m * (config.tiles * 16 + 4), layout.ring_bytes);
            EXPECT_EQ(layout.partials % 16, 0);
            EXPECT_LE(layout.bytes, kHalfSharedBytes);
          }
        }
      }
    }
  }
}

TEST(DirectCandidates, OfSixteenBitsHaveRoomToo) {
  for (const std::int64_t m : {1, 9, 16}) {
    GemmProblem problem = problem_of(m, 4096, 6144);
    problem.a = problem.b = DataType::kBf16;
    const auto list = direct_candidates(problem, 132, 6);
    ASSERT_FALSE(list.empty());
    for (const DirectConfig& config : list) {
      EXPECT_LE(4 * m * (config.tiles * 16 + 4), direct_layout(problem, config).ring_bytes);
    }
  }
}

TEST(DirectCandidates, TakeNoFp8AndOnlySmallM) {
  EXPECT_TRUE(direct_candidates(problem_of(17, 4096, 4096), 132, 6).empty());
  GemmProblem fp8 = problem_of(1, 4096, 4096);
  fp8.a = fp8.b = DataType::kFp8E4m3;
  EXPECT_TRUE(direct_candidates(fp8, 132, 6).empty());
}

TEST(DecodeConfig, RefusesWhatCannotRun) {
  const GemmProblem problem = problem_of(16, 4096, 4096);
  EXPECT_EQ(refusal(problem, DecodeConfig{.tiles = 2, .ranks = 4, .depth = 4}), std::nullopt);
  // A warpgroup must come back to the same slots.
  EXPECT_NE(refusal(problem, DecodeConfig{.tiles = 1, .groups = 2, .depth = 3}), std::nullopt);
  EXPECT_NE(refusal(problem, DecodeConfig{.tiles = 4, .groups = 2, .depth = 2}), std::nullopt);
  EXPECT_NE(refusal(problem, DecodeConfig{.tiles = 7, .depth = 4}), std::nullopt);  // 280 KB
  EXPECT_NE(refusal(problem, DecodeConfig{.tiles = 1, .ranks = 16}), std::nullopt);
}

TEST(DecodeCandidates, CountWavesOfClusters) {
  // 448 row tiles, one each: 4 waves of 132 SMs, 16 chunks each.
  EXPECT_EQ(units_per_multiprocessor(problem_of(1, 4096, 28672), {1, 1}, 132), 4 * 16);
  // 64 clusters of two CTAs, 7 tiles and half of K each.
  EXPECT_EQ(units_per_multiprocessor(problem_of(1, 4096, 28672), {7, 2}, 132), 7 * 8);
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
