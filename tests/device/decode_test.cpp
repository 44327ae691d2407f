// The decode kernels against the reference: ragged shapes, every way to cut the work, rings that
// are shorter than the work, overlapping launches.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hopper_test.h"
#include "providers/cuda/sm90/candidates.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/operation.h"

namespace twofour::providers::cuda::sm90 {
namespace {

/// What plan() would try, of `most` ways to cut the work.
std::vector<KernelConfig> kernels_for(const GemmProblem& problem, int most) {
  std::vector<KernelConfig> list;
  for (const DirectConfig& config : direct_candidates(problem, 132, most))
    list.emplace_back(config);
  for (const DecodeConfig& config : candidates(problem, 132, most)) list.emplace_back(config);
  return list;
}

class DecodeTest : public HopperTest {
 protected:
  /// Launches each kernel that plan() may try again and again, and compares the bits.
  void repeat_all(const GemmProblem& problem) {
    const Case data = make_case(problem);
    const run::WeightCopies weights = pack(problem, data, 1);
    DecodeOperation operation("decode", problem);
    operation.prepare({.device = device(), .operands = data.operands, .d = data.d.data()});
    std::vector<unsigned char> first(data.d.bytes());
    std::vector<unsigned char> again(data.d.bytes());
    for (const KernelConfig& config : kernels_for(problem, 4)) {
      SCOPED_TRACE(to_string(config));
      operation.use(config);
      operation.launch(weights[0]);
      device().memory().copy_to_host(first.data(), data.d.data(), first.size());
      for (int i = 0; i < 10; ++i) {
        operation.launch(weights[0]);
        device().memory().copy_to_host(again.data(), data.d.data(), again.size());
        ASSERT_EQ(first, again);
      }
    }
  }
};

constexpr std::array kTypes{DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16};
constexpr std::array kDirectTypes{DataType::kInt8, DataType::kBf16, DataType::kFp16};
constexpr std::array kSparsities{Sparsity::kTwoFour, Sparsity::kDense};

GemmProblem problem_of(DataType type, Sparsity sparsity, GemmShape shape) {
  const DataType d = type == DataType::kFp16 ? type : DataType::kBf16;
  return {.shape = shape, .a = type, .b = type, .d = d, .sparsity = sparsity};
}

TEST_F(DecodeTest, OneUnit) {
  for (const DataType type : kTypes) {
    for (const Sparsity sparsity : kSparsities) {
      for (const std::int64_t m : {1, 8, 16, 32, 64, 128}) {
        const GemmProblem problem = problem_of(type, sparsity, {m, 64, 256});
        check(problem, make_case(problem), candidates(problem, 132, 1));
      }
    }
  }
}

TEST_F(DecodeTest, RaggedShapes) {
  constexpr std::array<GemmShape, 11> kShapes{{{1, 1, 16},
                                               {2, 3, 32},
                                               {5, 63, 272},
                                               {7, 65, 1040},
                                               {9, 130, 4080},
                                               {16, 1000, 2064},
                                               {17, 1349, 2048},
                                               {31, 516, 4096},
                                               {33, 520, 1536},
                                               {63, 2052, 3088},
                                               {101, 700, 2064}}};
  for (const DataType type : kTypes) {
    for (const Sparsity sparsity : kSparsities) {
      for (const GemmShape& shape : kShapes) {
        const GemmProblem problem = problem_of(type, sparsity, shape);
        check(problem, make_case(problem), candidates(problem, 132, 3));
      }
    }
  }
}

/// Every cut, with deep rings and with rings that go round many times.
std::vector<DecodeConfig> every_config(const GemmProblem& problem) {
  std::vector<DecodeConfig> configs;
  for (const Cut cut : cuts(problem, 132)) {
    for (const int groups : {1, 2, 3, 4}) {
      for (const auto overlap :
           {Overlap::kNone, Overlap::kEarly, Overlap::kHalf, Overlap::kLoaded}) {
        const auto config = fitted(problem, cut, groups, kMaxSharedBytes, overlap);
        if (config) configs.push_back(*config);
      }
      const DecodeConfig shallow{.tiles = cut.tiles,
                                 .ranks = cut.ranks,
                                 .groups = groups,
                                 .depth = 2 * groups,
                                 .activation_depth = 2 * groups,
                                 .overlap = Overlap::kEarly};
      if (!refusal(problem, shallow)) configs.push_back(shallow);
    }
  }
  return configs;
}

TEST_F(DecodeTest, EveryCut) {
  for (const DataType type : kTypes) {
    for (const Sparsity sparsity : kSparsities) {
      for (const std::int64_t m : {3, 64, 128}) {
        const GemmProblem problem = problem_of(type, sparsity, {m, 1100, 2560});
        check(problem, make_case(problem), every_config(problem));
      }
    }
  }
}

TEST_F(DecodeTest, ScalesBiasAndOutputTypes) {
  for (const auto& [type, d] :
       {std::pair{DataType::kInt8, DataType::kBf16}, std::pair{DataType::kFp8E4m3, DataType::kBf16},
        std::pair{DataType::kFp8E4m3, DataType::kFp16}, std::pair{DataType::kBf16, DataType::kBf16},
        std::pair{DataType::kFp16, DataType::kFp16}}) {
    for (const auto scale_a : {ScaleGranularity::kTensor, ScaleGranularity::kVector}) {
      for (const auto scale_b : {ScaleGranularity::kTensor, ScaleGranularity::kVector}) {
        GemmProblem problem = problem_of(type, Sparsity::kTwoFour, {13, 333, 1024});
        problem.d = d;
        problem.scales = {scale_a, scale_b};
        const Case data = make_case(problem);
        for (const bool bias : {false, true}) {
          problem.bias = bias;
          check(problem, data, candidates(problem, 132, 2));
        }
      }
    }
  }
}

/// Every way to cut the work among direct kernels, with rings that hold all and rings of one chunk.
std::vector<DirectConfig> every_direct(const GemmProblem& problem) {
  std::vector<DirectConfig> configs = direct_configs(problem, 2, kMaxSharedBytes);
  const std::size_t count = configs.size();
  for (std::size_t i = 0; i < count; ++i) {
    DirectConfig shallow = configs[i];
    shallow.depth = 1;
    shallow.overlap = i % 2 == 0 ? Overlap::kHalf : Overlap::kLoaded;
    configs.push_back(shallow);
    shallow.overlap = Overlap::kNone;
    if (i % 4 == 0) configs.push_back(shallow);
  }
  return configs;
}

TEST_F(DecodeTest, DirectEveryCut) {
  for (const DataType type : kDirectTypes) {
    for (const Sparsity sparsity : kSparsities) {
      for (const std::int64_t m : {1, 3, 8, 9, 16}) {
        const GemmProblem problem = problem_of(type, sparsity, {m, 1100, 2576});
        check(problem, make_case(problem), every_direct(problem));
      }
    }
  }
}

TEST_F(DecodeTest, DirectRaggedShapes) {
  constexpr std::array<GemmShape, 9> kShapes{{{1, 1, 16},
                                              {2, 3, 32},
                                              {5, 63, 272},
                                              {7, 65, 1040},
                                              {8, 130, 4080},
                                              {9, 1000, 2064},
                                              {13, 1349, 2048},
                                              {16, 516, 4096},
                                              {15, 2052, 3088}}};
  for (const DataType type : kDirectTypes) {
    for (const Sparsity sparsity : kSparsities) {
      for (const GemmShape& shape : kShapes) {
        const GemmProblem problem = problem_of(type, sparsity, shape);
        check(problem, make_case(problem), direct_configs(problem, 2, kHalfSharedBytes));
      }
    }
  }
}

TEST_F(DecodeTest, DirectScalesAndBias) {
  for (const auto scale_a : {ScaleGranularity::kTensor, ScaleGranularity::kVector}) {
    for (const auto scale_b : {ScaleGranularity::kTensor, ScaleGranularity::kVector}) {
      GemmProblem problem = problem_of(DataType::kInt8, Sparsity::kTwoFour, {13, 4097, 1024});
      problem.scales = {scale_a, scale_b};
      const Case data = make_case(problem);
      for (const bool bias : {false, true}) {
        problem.bias = bias;
        check(problem, data, direct_candidates(problem, 132, 12));
      }
    }
  }
}

TEST_F(DecodeTest, RepeatsItsBits) {
  for (const DataType type : kTypes) {
    repeat_all(problem_of(type, Sparsity::kTwoFour, {16, 4096, 4096}));
  }
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
