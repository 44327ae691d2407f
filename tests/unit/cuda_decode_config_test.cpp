// How decode kernels cut their work: pure functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
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
  const DecodeConfig config{.tiles = 3,
                            .ranks = 4,
                            .groups = 2,
                            .depth = 12,
                            .activation_depth = 6,
                            .overlap = Overlap::kNone};
  EXPECT_EQ(to_string(config), "t3_c4_g2_d12a6_serial");
}

/// The pieces of sums that each CTA of a cluster adds, as decode_reduce.cuh counts them: each has
/// one owner, and an owner has room for all of its own.
TEST(DecodeConfig, EveryPieceOfSumsHasAnOwner) {
  for (const int ranks : {1, 2, 4, 8}) {
    for (const int m : {1, 8, 9, 16, 17, 33, 40, 64, 65, 101, 128}) {
      for (int tiles = 1; tiles <= max_warpgroups(padded_m(m)); ++tiles) {
        const DecodeConfig config{.tiles = tiles, .ranks = ranks};
        const int room = shared_layout(DataType::kInt8, Sparsity::kTwoFour, m, config).pieces_owned;
        const Sharing share = sharing(m, ranks);
        std::vector<std::set<int>> places(static_cast<std::size_t>(ranks));
        for (int warp = 0; warp < 4 * tiles; ++warp) {
          for (int piece = 0; piece < (m + 7) / 8; ++piece) {
            const int owner = piece / share.pieces * share.stride + warp % share.stride;
            const int place = warp / share.stride * share.pieces + piece % share.pieces;
            ASSERT_LT(owner, ranks);
            ASSERT_LT(place, room);
            EXPECT_TRUE(places[static_cast<std::size_t>(owner)].insert(place).second);
          }
        }
      }
    }
  }
}

TEST(DecodeConfig, PartsOfSharedMemoryDoNotOverlap) {
  for (const int m : {1, 16, 64}) {
    for (int depth = 2; depth <= 12; ++depth) {
      const DecodeConfig config{.tiles = 2, .ranks = 4, .depth = depth, .activation_depth = 3};
      const SharedLayout layout = shared_layout(DataType::kInt8, Sparsity::kTwoFour, m, config);
      const int rings_end = layout.activations + 3 * padded_m(m) * 256;
      const int partial_bytes = 3 * layout.pieces_owned * kPieceOfSums;
      EXPECT_EQ(layout.activations,
                1024 + depth * 2 * unit_bytes(DataType::kInt8, Sparsity::kTwoFour));
      EXPECT_EQ(layout.activations % 1024, 0);
      EXPECT_EQ(layout.partials % 16, 0);
      EXPECT_EQ(layout.staging % 16, 0);
      EXPECT_GE(layout.bytes, std::max(rings_end, layout.partials + partial_bytes));
      if (layout.partials_over_rings) {
        EXPECT_GE(layout.staging, layout.partials + partial_bytes);
        EXPECT_GE(layout.bytes, layout.staging + 2 * kStagedTokens * kRowBytes);
      } else {
        EXPECT_GE(layout.partials, rings_end);
        EXPECT_EQ(layout.staging, 0);
      }
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
  for (const std::int64_t m : {16, 64}) {
    const auto list = candidates(problem_of(m, 4096, 4096), 132, 2);
    EXPECT_TRUE(std::any_of(list.begin(), list.end(), [](const DecodeConfig& config) {
      return 64 / config.tiles * config.ranks >= 120;
    }));
  }
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
  const DecodeConfig right{.tiles = 2, .ranks = 4, .depth = 4, .activation_depth = 4};
  EXPECT_EQ(refusal(problem, right), std::nullopt);
  const auto refuses = [&](const GemmProblem& of, int DecodeConfig::*field, int value) {
    DecodeConfig wrong = right;
    wrong.*field = value;
    return refusal(of, wrong).has_value();
  };
  EXPECT_TRUE(refuses(problem, &DecodeConfig::tiles, 0));
  EXPECT_TRUE(refuses(problem, &DecodeConfig::tiles, 8));
  EXPECT_TRUE(refuses(problem, &DecodeConfig::tiles, 7));  // 280 KB
  EXPECT_TRUE(refuses(problem, &DecodeConfig::ranks, 16));
  EXPECT_TRUE(refuses(problem, &DecodeConfig::groups, 4));
  // A warpgroup must come back to the same stages.
  EXPECT_TRUE(refuses(problem, &DecodeConfig::groups, 3));
  // It holds one stage of each ring while it waits for the next.
  EXPECT_TRUE(refuses(problem, &DecodeConfig::depth, 1));
  EXPECT_TRUE(refuses(problem, &DecodeConfig::activation_depth, 1));
  EXPECT_TRUE(refuses(problem, &DecodeConfig::activation_depth, kMaxDepth + 1));
  // With more than kFewWarpgroups and 64 tokens it does not; nor where that is all.
  EXPECT_EQ(refusal(problem_of(64, 4096, 28672), {.tiles = 7, .depth = 1, .activation_depth = 1}),
            std::nullopt);
  EXPECT_EQ(refusal(problem_of(16, 256, 4096), {.depth = 1, .activation_depth = 1}), std::nullopt);
}

TEST(DecodeCandidates, CountWhatFitsOnTheGpuAtOnce) {
  const auto cycles = [](std::int64_t k, std::int64_t n, Cut cut, int bytes) {
    const GemmProblem problem = problem_of(64, k, n);
    return decode_cycles(problem, fitted(problem, cut, 1, bytes, Overlap::kLoaded).value(), 132);
  };
  // 448 row tiles: 224 CTAs of two tiles are resident at once, two on an SM; with all of its shared
  // memory only 132.
  EXPECT_LT(cycles(4096, 28672, {2, 1}, kHalfSharedBytes),
            cycles(4096, 28672, {2, 1}, kMaxSharedBytes));
  // 896 row tiles: 128 CTAs of seven in one round, or 448 of two in two.
  EXPECT_LT(cycles(8192, 57344, {7, 1}, kMaxSharedBytes),
            cycles(8192, 57344, {2, 1}, kHalfSharedBytes));
  // 64 row tiles fill half of the GPU unless K is cut; cut eightfold, sums go round too often.
  EXPECT_LT(cycles(14336, 4096, {1, 2}, kHalfSharedBytes),
            cycles(14336, 4096, {1, 1}, kHalfSharedBytes));
  EXPECT_LT(cycles(4096, 4096, {1, 2}, kHalfSharedBytes),
            cycles(4096, 4096, {1, 8}, kHalfSharedBytes));
}

/// What was fastest on an H200 is among what a search times (docs/log/cuda-decode.md).
TEST(DecodeCandidates, HaveTheCutsThatWon) {
  struct Winner {
    GemmShape shape;
    Cut cut;
  };
  constexpr Winner kWinners[] = {
      {{1, 6144, 4096}, {1, 1}},   {{1, 4096, 4096}, {2, 2}},   {{1, 28672, 4096}, {2, 1}},
      {{1, 57344, 8192}, {7, 1}},  {{16, 4096, 4096}, {2, 2}},  {{16, 28672, 4096}, {4, 1}},
      {{16, 10240, 8192}, {1, 2}}, {{64, 4096, 4096}, {1, 2}},  {{64, 28672, 4096}, {2, 1}},
      {{64, 10240, 8192}, {3, 2}}, {{64, 8192, 28672}, {2, 2}}, {{64, 57344, 8192}, {7, 1}}};
  for (const Winner& winner : kWinners) {
    const GemmProblem problem = problem_of(winner.shape.m, winner.shape.k, winner.shape.n);
    const auto list = candidates(problem, 132, 6);
    EXPECT_TRUE(std::any_of(list.begin(), list.end(), [&](const DecodeConfig& config) {
      return config.tiles == winner.cut.tiles && config.ranks == winner.cut.ranks;
    })) << to_string(problem);
  }
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
