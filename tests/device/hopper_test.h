// Kernels of ours for Hopper against the reference: operands, a host's view of them, packed
// weights.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gpu_fixture.h"
#include "providers/cuda/sm90/operation.h"
#include "run/packed_weights.h"
#include "verify/verify.h"

namespace twofour::providers::cuda::sm90 {

/// A host's copy of operands, and the reference made from it.
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
    device.memory().copy_to_host(bytes.data(), buffer.data(), bytes.size());
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

class HopperTest : public twofour::testing::GpuTest {
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
    made.operands = device().operands().make_operands(
        {.shape = problem.shape, .type = problem.a, .scales = problem.scales, .seed = 5});
    made.host = std::make_unique<Host>(device(), made.operands);
    made.d =
        device().memory().allocate(static_cast<std::size_t>(problem.shape.m * problem.shape.n) * 2);
    return made;
  }

  run::WeightCopies pack(const GemmProblem& problem, const Case& data, int copies) {
    return {device(), weight_layout(problem), copies, [&](void* packed) {
              pack_weights(problem,
                           {.device = device(), .weights = data.operands.b, .packed = packed});
            }};
  }

  /// Launches a few times with each configuration and compares the last result.
  template <class Config>
  void check(const GemmProblem& problem, const Case& data, const std::vector<Config>& configs) {
    const run::WeightCopies weights = pack(problem, data, kCopies);
    DecodeOperation operation("decode", problem);
    operation.prepare({.device = device(), .operands = data.operands, .d = data.d.data()});
    for (const Config& config : configs) {
      SCOPED_TRACE(to_string(problem) + " " + to_string(config));
      operation.use(config);
      device().memory().fill_bytes(data.d.data(), verify::kPoisonByte, data.d.bytes());
      for (int i = 0; i < 3; ++i) operation.launch(weights[i % kCopies]);
      std::vector<unsigned char> d(data.d.bytes());
      device().memory().copy_to_host(d.data(), data.d.data(), d.size());
      const auto accumulation =
          problem.a == DataType::kFp8E4m3 ? Accumulation::kFp8Fast : Accumulation::kWide;
      const verify::CheckResult result =
          data.host->reference().check(problem, accumulation, d.data(), 4);
      EXPECT_TRUE(result.right) << result.description;
    }
  }
};

}  // namespace twofour::providers::cuda::sm90
