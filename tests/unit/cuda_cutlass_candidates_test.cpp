// Which CUTLASS kernels a search looks at, and which one fixed dispatch takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cuda_cutlass_list.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/sm90/candidates.h"
#include "providers/cutlass/sm90/tile_orders.h"

namespace twofour::providers::cutlass::sm90 {
namespace {

constexpr int kMultiprocessors = 132;

GemmProblem problem_of(DataType type, Sparsity sparsity, const GemmShape& shape) {
  return {.shape = shape, .a = type, .b = type, .d = DataType::kBf16, .sparsity = sparsity};
}

std::vector<const Kernel*> kernels_for_sm90() {
  return kernels_for(GpuArchitecture::kSm90, listed_kernels());
}

std::vector<Candidate> candidates_of(const GemmProblem& problem) {
  return candidates(kernels_for_sm90(), problem, kMultiprocessors);
}

std::string fixed_name(DataType type, std::int64_t m, std::int64_t n) {
  const auto list = fixed_candidate(
      kernels_for_sm90(), problem_of(type, Sparsity::kTwoFour, {.m = m, .n = n, .k = 4096}));
  return list.size() == 1 ? name_of(list.front()) : "";
}

TEST(CutlassCandidates, AreOfTheTypesAndTheSparsityOfTheProblem) {
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    for (const DataType type : {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16}) {
      const GemmProblem problem = problem_of(type, sparsity, {.m = 64, .n = 4096, .k = 4096});
      const auto list = candidates_of(problem);
      EXPECT_FALSE(list.empty());
      for (const Candidate& candidate : list) {
        const KernelTraits& traits = candidate.kernel->traits();
        EXPECT_EQ(traits.a, problem.a);
        EXPECT_EQ(traits.d, problem.d);
        EXPECT_EQ(traits.sparsity, sparsity);
      }
    }
  }
}

// The tuning file finds a winner again by its name.
TEST(CutlassCandidates, HaveNamesOfTheirOwn) {
  for (const std::int64_t m : {1, 16, 64, 100, 256, 1024, 4096}) {
    const auto list = candidates_of(
        problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = m, .n = 28672, .k = 8192}));
    std::set<std::string> names;
    for (const Candidate& candidate : list) names.insert(name_of(candidate));
    EXPECT_EQ(names.size(), list.size()) << "M = " << m;
  }
}

TEST(CutlassCandidates, HaveTilesThatSuitTheRows) {
  for (const Candidate& candidate : candidates_of(
           problem_of(DataType::kFp8E4m3, Sparsity::kTwoFour, {.m = 1, .n = 4096, .k = 4096}))) {
    EXPECT_LE(candidate.kernel->traits().tile_n, 64);
  }
  for (const Candidate& candidate : candidates_of(
           problem_of(DataType::kFp8E4m3, Sparsity::kTwoFour, {.m = 4096, .n = 4096, .k = 4096}))) {
    EXPECT_GE(candidate.kernel->traits().tile_n, 128);
  }
}

TEST(CutlassCandidates, LaunchEarlyWhereNoBarriersAreReset) {
  std::set<bool> programmatic_tiles;
  for (const Candidate& candidate : candidates_of(
           problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = 16, .n = 4096, .k = 14336}))) {
    if (candidate.kernel->traits().scheduler == Scheduler::kStreamK) {
      EXPECT_FALSE(candidate.tactic.programmatic) << name_of(candidate);
    } else {
      EXPECT_EQ(candidate.tactic.decomposition, Decomposition::kHeuristic) << name_of(candidate);
      programmatic_tiles.insert(candidate.tactic.programmatic);
    }
  }
  EXPECT_EQ(programmatic_tiles, (std::set<bool>{false, true}));
}

TEST(CutlassCandidates, SplitKWhereTilesAreFewerThanMultiprocessors) {
  const ListedKernel kernel({.sparsity = Sparsity::kTwoFour,
                             .tile_m = 128,
                             .tile_n = 32,
                             .tile_k = 256,
                             .schedule = Schedule::kCooperative,
                             .scheduler = Scheduler::kStreamK});
  const std::vector<const Kernel*> kernels{&kernel};
  const auto splits = [&](std::int64_t n) {
    std::set<int> found;
    for (const Candidate& candidate : candidates(
             kernels, problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = 16, .n = n, .k = 8192}),
             kMultiprocessors)) {
      if (candidate.tactic.decomposition == Decomposition::kSplitK) {
        found.insert(candidate.tactic.splits);
      }
    }
    return found;
  };
  EXPECT_EQ(splits(4096), (std::set<int>{2, 4}));
  EXPECT_EQ(splits(57344), (std::set<int>{}));
}

TEST(CutlassCandidates, CombineSwizzleAndRasterForManyRows) {
  for (const std::int64_t n : {8192, 10240, 57344}) {
    std::set<std::string> names;
    for (const Candidate& candidate : candidates_of(
             problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = 4096, .n = n, .k = 8192}))) {
      names.insert(name_of(candidate));
    }
    // The orders that won on an H200.
    for (const char* order :
         {"128x256x128_CO+s_c11 swizzle=4 raster=m", "128x256x128_CO+s_c11 swizzle=8 raster=n",
          "128x256x128_CO+s_c21 swizzle=8 raster=n"}) {
      EXPECT_TRUE(names.contains(order)) << order << ", N = " << n;
    }
  }
}

TEST(CutlassTileOrders, NeighboursShareBothSides) {
  const KernelTraits traits{.sparsity = Sparsity::kTwoFour,
                            .tile_m = 128,
                            .tile_n = 256,
                            .tile_k = 128,
                            .schedule = Schedule::kCooperative};
  const auto orders = tile_orders(traits, {.m = 4096, .n = 57344, .k = 8192}, kMultiprocessors, 8);
  ASSERT_EQ(orders.size(), 8U);
  // 16 blocks of a row of tiles share the weights alone, the smaller part.
  EXPECT_EQ(orders.back(), (Tactic{.swizzle = 1, .raster = Raster::kAlongN}));
  EXPECT_EQ(orders.front(), (Tactic{.swizzle = 4, .raster = Raster::kAlongM}));
}

TEST(CutlassTileOrders, WalkEachTileInAnOrderOfItsOwn) {
  const KernelTraits traits{.tile_m = 128, .tile_n = 256, .tile_k = 128};
  const auto count = [&](std::int64_t m, std::int64_t n) {
    return tile_orders(traits, {.m = m, .n = n, .k = 8192}, kMultiprocessors, 8).size();
  };
  EXPECT_EQ(count(256, 57344), 1U);   // one row of tiles
  EXPECT_EQ(count(1024, 57344), 6U);  // a swizzle of 8 is one of 4 there
  // 5 rows of tiles become 8 with a swizzle of 4.
  for (const Tactic& order :
       tile_orders(traits, {.m = 1280, .n = 57344, .k = 8192}, kMultiprocessors, 8)) {
    EXPECT_LT(order.swizzle, 4);
  }
  EXPECT_EQ(tile_orders(traits, {.m = 4096, .n = 57344, .k = 8192}, kMultiprocessors, 3).size(),
            3U);
}

TEST(CutlassCandidates, LeaveOutKernelsThatRefuseTheShape) {
  const KernelTraits traits{
      .sparsity = Sparsity::kTwoFour, .tile_m = 64, .tile_n = 64, .tile_k = 128};
  const ListedKernel takes(traits);
  const ListedKernel refuses(traits, 4096);
  const std::vector<const Kernel*> kernels{&refuses, &takes};
  for (const Candidate& candidate : candidates(
           kernels, problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = 64, .n = 256, .k = 4096}),
           kMultiprocessors)) {
    EXPECT_EQ(candidate.kernel, &takes);
  }
}

TEST(CutlassCandidates, HaveInstructionsInFlightFirst) {
  KernelTraits traits{.sparsity = Sparsity::kTwoFour,
                      .tile_m = 128,
                      .tile_n = 256,
                      .tile_k = 128,
                      .schedule = Schedule::kCooperative};
  const ListedKernel stock(traits);
  traits.mainloop = Mainloop::kInFlight;
  const ListedKernel in_flight(traits);
  const std::vector<const Kernel*> kernels{&stock, &in_flight};
  const auto list = candidates(
      kernels, problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = 4096, .n = 4096, .k = 8192}),
      kMultiprocessors);
  ASSERT_FALSE(list.empty());
  EXPECT_EQ(list.front().kernel, &in_flight);
}

TEST(CutlassCandidates, TakeAnyTileWhereABuildHasNoneThatSuits) {
  const ListedKernel wide(
      {.sparsity = Sparsity::kTwoFour, .tile_m = 128, .tile_n = 256, .tile_k = 128});
  const std::vector<const Kernel*> kernels{&wide};
  EXPECT_FALSE(
      candidates(kernels,
                 problem_of(DataType::kInt8, Sparsity::kTwoFour, {.m = 1, .n = 4096, .k = 4096}),
                 kMultiprocessors)
          .empty());
}

TEST(CutlassCandidates, AreNotMoreThanABudgetCanTime) {
  for (const std::int64_t m : {1, 256, 4096}) {
    EXPECT_LE(candidates_of(problem_of(DataType::kFp8E4m3, Sparsity::kTwoFour,
                                       {.m = m, .n = 57344, .k = 8192}))
                  .size(),
              120U);
  }
}

TEST(CutlassFixedTiles, AreThoseOfSparseBenchmarks) {
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 1, 28672), "128x64x256_CO_c81");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 64, 4096), "64x64x256_WS_c81");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 64, 8192), "64x64x256_WS_c11");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 65, 4096), "64x64x256_WS_c12");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 128, 28672), "128x128x256_PP_c81");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 128, 5120), "64x128x256_PP_c11");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 256, 4096), "64x128x256_WS_c12");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 256, 8192), "128x128x256_CO_c11");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 4096, 6144), "128x256x128_CO_c81");
  EXPECT_EQ(fixed_name(DataType::kFp8E4m3, 4096, 4096), "128x128x256_CO_c11");
  EXPECT_EQ(fixed_name(DataType::kInt8, 32, 4096), "64x64x256_WS_c18");
  EXPECT_EQ(fixed_name(DataType::kInt8, 32, 8192), "64x128x256_WS_c14");
  EXPECT_EQ(fixed_name(DataType::kInt8, 64, 8192), "64x64x256_WS_c11");
  EXPECT_EQ(fixed_name(DataType::kInt8, 128, 8192), "64x128x128_PP_c21");
  EXPECT_EQ(fixed_name(DataType::kInt8, 129, 8192), "128x128x128_PP_c21");
}

TEST(CutlassFixedTiles, AreMissingWhereTheBuildLacksThem) {
  const std::vector<const Kernel*> none;
  EXPECT_THAT(fixed_candidate(none, problem_of(DataType::kInt8, Sparsity::kTwoFour,
                                               {.m = 1, .n = 4096, .k = 4096})),
              ::testing::IsEmpty());
}

TEST(CutlassNames, SayWhatIsChosenAtLaunch) {
  EXPECT_EQ(to_string(Tactic{}), "");
  EXPECT_EQ(to_string(Tactic{.swizzle = 4, .raster = Raster::kAlongN}), " swizzle=4 raster=n");
  EXPECT_EQ(to_string(Tactic{.decomposition = Decomposition::kSplitK, .splits = 2}), " splitk=2");
  EXPECT_EQ(to_string(Tactic{.decomposition = Decomposition::kStreamK}), " streamk");
  EXPECT_EQ(to_string(Tactic{.programmatic = true}), " pdl");
  const ListedKernel kernel({.tile_m = 128,
                             .tile_n = 256,
                             .tile_k = 128,
                             .cluster_m = 2,
                             .schedule = Schedule::kCooperative,
                             .scheduler = Scheduler::kStreamK});
  EXPECT_EQ(name_of({&kernel, {.swizzle = 2, .raster = Raster::kAlongM}}),
            "128x256x128_CO_c21_sk swizzle=2 raster=m");
}

TEST(CutlassNames, SayWhichLoopAndEpilogue) {
  const auto name = [](Schedule schedule, Mainloop mainloop) {
    return to_string({.tile_m = 128,
                      .tile_n = 256,
                      .tile_k = 128,
                      .cluster_n = 2,
                      .schedule = schedule,
                      .mainloop = mainloop});
  };
  EXPECT_EQ(name(Schedule::kPingPong, Mainloop::kInFlight), "128x256x128_PP+_c12");
  EXPECT_EQ(name(Schedule::kCooperative, Mainloop::kInFlightWide), "128x256x128_CO+w_c12");
  EXPECT_EQ(name(Schedule::kCooperative, Mainloop::kInFlightSplit), "128x256x128_CO+s_c12");
}

}  // namespace
}  // namespace twofour::providers::cutlass::sm90
