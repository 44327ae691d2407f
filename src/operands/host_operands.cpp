#include "operands/host_operands.h"

#include <algorithm>

#include "core/parallel.h"
#include "operands/fill.h"
#include "operands/row_kernels.h"

namespace twofour::operands {
namespace {

/// Elements that are filled and then pruned while they are in the first-level cache; a multiple of
/// eight, so that groups stay whole.
constexpr std::int64_t kChunk = 4096;

/// Fills one matrix of `rows` x `columns`. A thread gets consecutive chunks, so that it touches a
/// stretch of memory of its own.
template <DataType kType>
void fill_matrix(std::uint64_t seed, Tensor tensor, std::int64_t rows, std::int64_t columns,
                 Sparsity pattern, void* data, int threads) {
  auto* codes = static_cast<typename Format<kType>::Code*>(data);
  const QuantileSegment* table = quantile_table().data();
  const VectorIsa isa = widest_vector_isa();
  const std::int64_t chunks = (columns + kChunk - 1) / kChunk;
  parallel_run(threads, [&](int index, int count) {
    const Range share = thread_share(rows * chunks, index, count);
    for (std::int64_t item = share.begin; item < share.end; ++item) {
      const std::int64_t row = item / chunks;
      const std::int64_t begin = item % chunks * kChunk;
      const std::int64_t length = std::min(kChunk, columns - begin);
      auto* out = codes + row * columns + begin;
      const StreamKey key = stream_key(seed, tensor, static_cast<std::uint64_t>(row));
      with_vector_isa<FillRow<kType>>(isa, table, key, begin, length, out);
      if (pattern == Sparsity::kTwoFour) with_vector_isa<PruneRow<kType>>(isa, out, length);
      if (pattern == Sparsity::kSixEight) {
        with_vector_isa<PruneRowSixEight<kType>>(isa, out, length);
      }
    }
  });
}

std::size_t scale_count(ScaleGranularity granularity, std::int64_t extent) {
  return granularity == ScaleGranularity::kVector ? static_cast<std::size_t>(extent) : 1;
}

}  // namespace

void make_scales(std::uint64_t seed, ScaleGranularity granularity, bool of_a,
                 std::span<float> scales) {
  if (granularity == ScaleGranularity::kNone) {
    std::fill(scales.begin(), scales.end(), 1.0f);
    return;
  }
  const StreamKey key = stream_key(seed, of_a ? Tensor::kScaleA : Tensor::kScaleB, 0);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    scales[i] = scale_value(random_bits(key, static_cast<std::uint32_t>(i)));
  }
}

void make_bias(std::uint64_t seed, std::span<std::uint16_t> bf16, std::span<std::uint16_t> fp16) {
  const StreamKey key = stream_key(seed, Tensor::kBias, 0);
  for (std::size_t i = 0; i < bf16.size(); ++i) {
    const float value = bias_value(random_bits(key, static_cast<std::uint32_t>(i)));
    bf16[i] = float_to_bf16(value);
    fp16[i] = float_to_fp16(value);
  }
}

Operands make_host_operands(const OperandSpec& spec, int threads, Allocator allocate) {
  const GemmShape& shape = spec.shape;
  const auto n = static_cast<std::size_t>(shape.n);
  const std::size_t scales_a = scale_count(spec.scales.a, shape.m);
  const std::size_t scales_b = scale_count(spec.scales.b, shape.n);

  Operands made;
  made.spec = spec;
  made.a = allocate(bytes_of(spec.type, shape.m * shape.k));
  made.b = allocate(bytes_of(spec.type, shape.n * shape.k));
  made.scale_a = allocate(scales_a * sizeof(float));
  made.scale_b = allocate(scales_b * sizeof(float));
  made.bias_bf16 = allocate(n * sizeof(std::uint16_t));
  made.bias_fp16 = allocate(n * sizeof(std::uint16_t));

  with_operand_type(spec.type, [&]<DataType kType>() {
    fill_matrix<kType>(spec.seed, Tensor::kA, shape.m, shape.k, Sparsity::kDense, made.a.data(),
                       threads);
    fill_matrix<kType>(spec.seed, Tensor::kB, shape.n, shape.k, spec.pattern, made.b.data(),
                       threads);
  });
  make_scales(spec.seed, spec.scales.a, true, {made.scale_a.as<float>(), scales_a});
  make_scales(spec.seed, spec.scales.b, false, {made.scale_b.as<float>(), scales_b});
  make_bias(spec.seed, {made.bias_bf16.as<std::uint16_t>(), n},
            {made.bias_fp16.as<std::uint16_t>(), n});
  return made;
}

}  // namespace twofour::operands
