#include "run/real_operands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/parallel.h"
#include "operands/host_operands.h"

namespace twofour::run {
namespace {

/// The largest number of fp16.
constexpr float kLargestFp16 = 65504;

void require_range(const weights::ReadLayer& layer, DataType type) {
  if (type != DataType::kFp16) return;
  const std::vector<float>& largest = layer.inspection.largest;
  const auto most = std::max_element(largest.begin(), largest.end());
  if (*most <= kLargestFp16) return;
  layer.weights.refuse(most - largest.begin(), std::nullopt,
                       fmt::format("reaches {}, which fp16 does not hold", *most));
}

template <class Value>
Buffer upload(device::Device& device, std::span<const Value> values) {
  Buffer buffer = device.memory().allocate(values.size_bytes());
  device.memory().copy_from_host(buffer.data(), values.data(), values.size_bytes());
  return buffer;
}

float scale_at(const std::vector<float>& scales, std::int64_t i) {
  return scales[scales.size() == 1 ? 0 : static_cast<std::size_t>(i)];
}

/// Codes [rows][k], row by row. `fill(row, values)` gives the values of one.
template <class Fill>
Buffer make_codes(device::Device& device, DataType type, std::int64_t rows, std::int64_t k,
                  const std::vector<float>& scales, int threads, const Fill& fill) {
  std::vector<std::byte> codes(bytes_of(type, rows * k));
  const std::size_t row_bytes = bytes_of(type, k);
  parallel_run(threads, [&](int index, int count) {
    std::vector<float> row(static_cast<std::size_t>(k));
    const Range share = thread_share(rows, index, count);
    for (std::int64_t i = share.begin; i < share.end; ++i) {
      fill(i, std::span<float>(row));
      weights::encode_row(type, row, scale_at(scales, i),
                          codes.data() + static_cast<std::size_t>(i) * row_bytes);
    }
  });
  return upload<std::byte>(device, codes);
}

}  // namespace

operands::Operands make_real_operands(const operands::OperandSpec& spec,
                                      const weights::ReadLayer& layer, Sparsity sparsity,
                                      device::Device& device, int threads) {
  const GemmShape& shape = spec.shape;
  require_range(layer, spec.type);
  const std::vector<float> scale_a =
      weights::activation_scales(layer.activations, shape.m, shape.k, spec.type, spec.scales.a);
  const std::vector<float> scale_b =
      weights::weight_scales(layer.weights, layer.inspection, spec.type, spec.scales.b);
  const bool prune = sparsity == Sparsity::kTwoFour && !layer.inspection.two_four;

  operands::Operands made;
  made.spec = spec;
  made.a = make_codes(device, spec.type, shape.m, shape.k, scale_a, threads,
                      [&](std::int64_t i, std::span<float> row) { layer.activations.row(i, row); });
  made.b = make_codes(device, spec.type, shape.n, shape.k, scale_b, threads,
                      [&](std::int64_t i, std::span<float> row) {
                        layer.weights.row(i, row);
                        if (prune) weights::prune_row(row);
                      });
  made.scale_a = upload<float>(device, scale_a);
  made.scale_b = upload<float>(device, scale_b);
  const auto n = static_cast<std::size_t>(shape.n);
  std::vector<std::uint16_t> bf16(n);
  std::vector<std::uint16_t> fp16(n);
  operands::make_bias(spec.seed, bf16, fp16);
  made.bias_bf16 = upload<std::uint16_t>(device, bf16);
  made.bias_fp16 = upload<std::uint16_t>(device, fp16);
  return made;
}

}  // namespace twofour::run
