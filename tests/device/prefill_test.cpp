// The prefill kernels against the reference: every tile, ragged shapes, tiles that take several
// turns of the rings, the epilogue's two ways to store.
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "hopper_test.h"
#include "providers/cuda/sm90/prefill.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr std::array kTypes{DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16};

using PrefillTest = HopperTest;

GemmProblem problem_of(DataType type, GemmShape shape) {
  return {.shape = shape,
          .a = type,
          .b = type,
          .d = type == DataType::kFp16 ? DataType::kFp16 : DataType::kBf16,
          .sparsity = Sparsity::kTwoFour};
}

/// Every kernel, in an order of tiles that has whole and partial groups.
std::vector<PrefillConfig> every_kernel() {
  std::vector<PrefillConfig> list;
  for (const int tokens : kPrefillTokens) {
    for (const int ranks : {1, 2}) {
      list.push_back({.tokens = tokens, .ranks = ranks, .group = 3});
      if (!can_split(tokens, ranks)) continue;
      list.push_back({.tokens = tokens, .ranks = ranks, .group = 3, .split = true});
    }
  }
  return list;
}

TEST_F(PrefillTest, OneTile) {
  for (const DataType type : kTypes) {
    const GemmProblem problem = problem_of(type, {256, 256, 256});
    check(problem, make_case(problem), every_kernel());
  }
}

TEST_F(PrefillTest, RaggedShapes) {
  // N of whole vectors of D, which the copy engine stores, and of none.
  constexpr std::array<GemmShape, 6> kShapes{{{129, 8, 16},
                                              {257, 65, 272},
                                              {300, 200, 528},
                                              {777, 1003, 1040},
                                              {513, 1544, 1552},
                                              {1000, 2056, 784}}};
  for (const DataType type : kTypes) {
    for (const GemmShape& shape : kShapes) {
      const GemmProblem problem = problem_of(type, shape);
      check(problem, make_case(problem), every_kernel());
    }
  }
}

TEST_F(PrefillTest, ManyTilesForEachCta) {
  for (const DataType type : kTypes) {
    const GemmProblem problem = problem_of(type, {1500, 4360, 512});
    check(problem, make_case(problem), every_kernel());
  }
}

TEST_F(PrefillTest, ScalesBiasAndOutputTypes) {
  for (const auto& [type, d] :
       {std::pair{DataType::kInt8, DataType::kBf16}, std::pair{DataType::kFp8E4m3, DataType::kBf16},
        std::pair{DataType::kFp8E4m3, DataType::kFp16}, std::pair{DataType::kBf16, DataType::kBf16},
        std::pair{DataType::kFp16, DataType::kFp16}}) {
    for (const auto scale_a : {ScaleGranularity::kTensor, ScaleGranularity::kVector}) {
      for (const auto scale_b : {ScaleGranularity::kTensor, ScaleGranularity::kVector}) {
        GemmProblem problem = problem_of(type, {270, 1100, 1024});
        problem.d = d;
        problem.scales = {scale_a, scale_b};
        const Case data = make_case(problem);
        for (const bool bias : {false, true}) {
          problem.bias = bias;
          check(problem, data, prefill_candidates(problem, 132, 3));
        }
      }
    }
  }
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
