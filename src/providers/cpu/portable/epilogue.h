// The epilogue, one row of one panel at a time: D = scale_a * scale_b * accumulator + bias, rounded
// to the output type.
#pragma once

#include <cstdint>

#include "operands/number_formats.h"
#include "providers/cpu/kernel.h"

namespace twofour::providers::cpu::portable {

template <std::uint16_t (*Round)(float), float (*Widen)(std::uint16_t)>
void store_row_as(const Output& output, std::int64_t n, std::int64_t row, Range columns,
                  const float* accumulators) {
  const float scale_a = output.scale_a[output.scale_a_per_row ? row : 0];
  const auto* bias = static_cast<const std::uint16_t*>(output.bias);
  auto* d = static_cast<std::uint16_t*>(output.d) + row * n;
  for (std::int64_t j = columns.begin; j < columns.end; ++j) {
    const float scale = scale_a * output.scale_b[output.scale_b_per_column ? j : 0];
    float value = accumulators[j - columns.begin] * scale;
    if (bias != nullptr) value += Widen(bias[j]);
    d[j] = Round(value);
  }
}

/// Writes D[row][columns] from `accumulators`, whose first entry belongs to columns.begin.
inline void store_row(const Output& output, std::int64_t n, std::int64_t row, Range columns,
                      const float* accumulators) {
  if (output.d_type == DataType::kFp16) {
    store_row_as<operands::float_to_fp16, operands::fp16_to_float>(output, n, row, columns,
                                                                   accumulators);
  } else {
    store_row_as<operands::float_to_bf16, operands::bf16_to_float>(output, n, row, columns,
                                                                   accumulators);
  }
}

}  // namespace twofour::providers::cpu::portable
