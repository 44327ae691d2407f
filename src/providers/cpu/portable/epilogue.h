// The epilogue, one row of one panel at a time: D = scale_a * scale_b * accumulator + bias, rounded
// to the output type.
#pragma once

#include <cstdint>

#include "operands/fill.h"
#include "providers/cpu/kernel.h"

namespace twofour::providers::cpu::portable {

template <DataType kType>
void store_row_as(const Output& output, std::int64_t n, std::int64_t row, Range columns,
                  const float* accumulators) {
  const float scale_a = output.scale_a[output.scale_a_per_row ? row : 0];
  using Format = operands::Format<kType>;
  const auto* bias = static_cast<const typename Format::Code*>(output.bias);
  auto* d = static_cast<typename Format::Code*>(output.d) + row * n;
  for (std::int64_t j = columns.begin; j < columns.end; ++j) {
    const float scale = scale_a * output.scale_b[output.scale_b_per_column ? j : 0];
    float value = accumulators[j - columns.begin] * scale;
    if (bias != nullptr) value += Format::decode(bias[j]);
    d[j] = Format::encode(value);
  }
}

/// Writes D[row][columns] from `accumulators`, whose first entry belongs to columns.begin.
inline void store_row(const Output& output, std::int64_t n, std::int64_t row, Range columns,
                      const float* accumulators) {
  with_output_type(output.d_type, [&]<DataType kType>() {
    store_row_as<kType>(output, n, row, columns, accumulators);
  });
}

}  // namespace twofour::providers::cpu::portable
