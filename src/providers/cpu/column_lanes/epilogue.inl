// From sums to D, one row of one panel at a time: D = scale_a * scale_b * sum + bias in float32, rounded
// once. Included inside a target region, so that the compiler vectorises it for that instruction set.

template <std::uint16_t (*kRound)(float), float (*kWiden)(std::uint16_t)>
void store_row_as(const Output& output, std::int64_t n, std::int64_t row, Range columns,
                  const float* sums) {
  const std::int64_t count = columns.end - columns.begin;
  const float scale_a = output.scale_a[output.scale_a_per_row ? row : 0];
  const float* scale_b = output.scale_b + (output.scale_b_per_column ? columns.begin : 0);
  auto* d = static_cast<std::uint16_t*>(output.d) + row * n + columns.begin;
  alignas(64) float values[kPanelColumns];
  if (output.scale_b_per_column) {
    for (std::int64_t j = 0; j < count; ++j) values[j] = sums[j] * (scale_a * scale_b[j]);
  } else {
    const float scale = scale_a * scale_b[0];
    for (std::int64_t j = 0; j < count; ++j) values[j] = sums[j] * scale;
  }
  if (output.bias != nullptr) {
    const auto* bias = static_cast<const std::uint16_t*>(output.bias) + columns.begin;
    for (std::int64_t j = 0; j < count; ++j) values[j] += kWiden(bias[j]);
  }
  for (std::int64_t j = 0; j < count; ++j) d[j] = kRound(values[j]);
}

/// Writes D[row][columns] from `sums`, whose first entry belongs to columns.begin.
inline void store_row(const Output& output, std::int64_t n, std::int64_t row, Range columns,
                      const float* sums) {
  if (output.d_type == DataType::kFp16) {
    store_row_as<operands::float_to_fp16, operands::fp16_to_float>(output, n, row, columns, sums);
  } else {
    store_row_as<operands::float_to_bf16, operands::bf16_to_float>(output, n, row, columns, sums);
  }
}
