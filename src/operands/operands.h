// The numbers that every kernel of a case multiplies: made once, shared by dense and 2:4 alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/buffer.h"
#include "core/data_type.h"
#include "core/problem.h"

namespace twofour::operands {

/// What to make. The same spec gives the same bits on every device and for any thread count.
struct OperandSpec {
  GemmShape shape;
  DataType type = DataType::kInt8;
  ScaleScheme scales;
  std::uint64_t seed = 0;
  Sparsity pattern = Sparsity::kTwoFour;  ///< what B is pruned to; kDense: it is not
};

/// Operands in the memory of one device. `b` is stored transposed, so that K is contiguous, as the
/// weight of a linear layer is. Scales have few significant bits, so that an int8 result is exact
/// in float32 whatever the order of evaluation (docs/verification.md).
struct Operands {
  OperandSpec spec;
  Buffer a;          ///< [M][K] of spec.type, row-major
  Buffer b;          ///< [N][K] of spec.type, row-major, pruned along K as spec.pattern says
  Buffer scale_a;    ///< float32 [M] or [1]; [1] holding 1 when the scheme has none
  Buffer scale_b;    ///< float32 [N] or [1]; [1] holding 1 when the scheme has none
  Buffer bias_bf16;  ///< bfloat16 [N]
  Buffer bias_fp16;  ///< float16 [N], the same values

  /// The bias of output type `d` (bf16 or fp16).
  [[nodiscard]] const void* bias(DataType d) const {
    return d == DataType::kFp16 ? bias_fp16.data() : bias_bf16.data();
  }
  [[nodiscard]] std::size_t bytes() const {
    return a.bytes() + b.bytes() + scale_a.bytes() + scale_b.bytes() + bias_bf16.bytes() +
           bias_fp16.bytes();
  }
};

/// Bytes that make_operands would allocate for `spec`.
constexpr std::size_t operand_bytes(const OperandSpec& spec) {
  const auto m = static_cast<std::size_t>(spec.shape.m);
  const auto n = static_cast<std::size_t>(spec.shape.n);
  const std::int64_t elements = (spec.shape.m + spec.shape.n) * spec.shape.k;
  const std::size_t scales_a = spec.scales.a == ScaleGranularity::kVector ? m : 1;
  const std::size_t scales_b = spec.scales.b == ScaleGranularity::kVector ? n : 1;
  return bytes_of(spec.type, elements) + (scales_a + scales_b) * sizeof(float) + 2 * n * 2;
}

}  // namespace twofour::operands
