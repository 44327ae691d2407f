// The decode kernels against the reference: ragged shapes, every way to cut the work, rings that
// are shorter than the work, overlapping launches.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gpu_fixture.h"
#include "providers/cuda/candidates.h"
#include "providers/cuda/layout.h"
#include "providers/cuda/operation.h"
#include "verify/verify.h"

namespace twofour::providers::cuda {
namespace {

class Host {
 public:
  Host(device::Device& device, const operands::Operands& operands)
      : a_(copy(device, operands.a)),
        b_(copy(device, operands.b)),
        scale_a_(copy(device, operands.scale_a)),
        scale_b_(copy(device, operands.scale_b)),
        bias_bf16_(copy(device, operands.bias_bf16)),
        bias_fp16_(copy(device, operands.bias_fp16)),
        reference_({.spec = operands.spec,
                    .a = a_.data(),
                    .b = b_.data(),
                    .scale_a = reinterpret_cast<const float*>(scale_a_.data()),
                    .scale_b = reinterpret_cast<const float*>(scale_b_.data()),
                    .bias_bf16 = bias_bf16_.data(),
                    .bias_fp16 = bias_fp16_.data()},
                   4) {}
  [[nodiscard]] const verify::Reference& reference() const { return reference_; }

 private:
  using Bytes = std::vector<unsigned char>;
  static Bytes copy(device::Device& device, const Buffer& buffer) {
    Bytes bytes(buffer.bytes());
    device.copy_to_host(bytes.data(), buffer.data(), bytes.size());
    return bytes;
  }
  Bytes a_;
  Bytes b_;
  Bytes scale_a_;
  Bytes scale_b_;
  Bytes bias_bf16_;
  Bytes bias_fp16_;
  verify::Reference reference_;
};

class DecodeTest : public twofour::testing::GpuTest {
 protected:
  static constexpr int kCopies = 2;

  /// Operands of `problem`'s type and scales, a host's view of them, and room for D.
  struct Case {
    operands::Operands operands;
    std::unique_ptr<Host> host;
    Buffer d;
  };

  Case make_case(const GemmProblem& problem) {
    Case made;
    made.operands = device().make_operands(
        {.shape = problem.shape, .type = problem.a, .scales = problem.scales, .seed = 5});
    made.host = std::make_unique<Host>(device(), made.operands);
    made.d = device().allocate(static_cast<std::size_t>(problem.shape.m * problem.shape.n) * 2);
    return made;
  }

  /// Launches a few times with each configuration and compares the last result.
  void check(const GemmProblem& problem, const Case& data,
             const std::vector<DecodeConfig>& configs) {
    DecodeOperation operation("decode", problem);
    SharedWeights shared;
    operation.prepare({.device = device(),
                       .operands = data.operands,
                       .d = data.d.data(),
                       .copies = kCopies,
                       .shared = shared});
    for (const DecodeConfig& config : configs) {
      SCOPED_TRACE(to_string(problem) + " " + to_string(config));
      operation.use(config);
      device().fill_bytes(data.d.data(), verify::kPoisonByte, data.d.bytes());
      for (int i = 0; i < 3; ++i) operation.launch(i % kCopies);
      std::vector<unsigned char> d(data.d.bytes());
      device().copy_to_host(d.data(), data.d.data(), d.size());
      const auto accumulation =
          problem.a == DataType::kFp8E4m3 ? Accumulation::kFp8Fast : Accumulation::kWide;
      const verify::CheckResult result =
          data.host->reference().check(problem, accumulation, d.data(), 4);
      EXPECT_TRUE(result.right) << result.description;
    }
  }
};

constexpr std::array kTypes{DataType::kInt8, DataType::kFp8E4m3};
constexpr std::array kSparsities{Sparsity::kTwoFour, Sparsity::kDense};

GemmProblem problem_of(DataType type, Sparsity sparsity, GemmShape shape) {
  return {.shape = shape, .a = type, .b = type, .d = DataType::kBf16, .sparsity = sparsity};
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
      for (const auto overlap : {Overlap::kNone, Overlap::kEarly, Overlap::kLoaded}) {
        const auto config = fitted(problem, cut, groups, kMostSharedBytes, overlap);
        if (config) configs.push_back(*config);
      }
      const DecodeConfig shallow{.tiles = cut.tiles,
                                 .ranks = cut.ranks,
                                 .groups = groups,
                                 .depth = groups,
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
        std::pair{DataType::kFp8E4m3, DataType::kFp16}}) {
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

TEST_F(DecodeTest, RepeatsItsBits) {
  const GemmProblem problem = problem_of(DataType::kFp8E4m3, Sparsity::kTwoFour, {16, 4096, 4096});
  const Case data = make_case(problem);
  DecodeOperation operation("decode", problem);
  SharedWeights shared;
  operation.prepare({.device = device(),
                     .operands = data.operands,
                     .d = data.d.data(),
                     .copies = 1,
                     .shared = shared});
  std::vector<unsigned char> first(data.d.bytes());
  std::vector<unsigned char> again(data.d.bytes());
  operation.launch(0);
  device().copy_to_host(first.data(), data.d.data(), first.size());
  for (int i = 0; i < 20; ++i) {
    operation.launch(0);
    device().copy_to_host(again.data(), data.d.data(), again.size());
    ASSERT_EQ(first, again);
  }
}

}  // namespace
}  // namespace twofour::providers::cuda
