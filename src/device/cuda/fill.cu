// Operands made on the GPU, and their compressed form. Compiled without contraction into fused
// multiply-adds: the bits are the host's.
#include <cuda_runtime.h>

#include <algorithm>

#include "device/cuda/error.h"
#include "device/cuda/kernels.h"
#include "device/cuda/two_four.cuh"
#include "operands/six_eight_group.h"

namespace twofour::device::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = std::int64_t{1} << 20;

using operands::Format;
using operands::GroupWord;
using operands::StreamKey;

/// A thread makes whole groups of four columns.
template <DataType kType>
__global__ void fill_kernel(std::uint64_t seed, operands::Tensor tensor, std::int64_t rows,
                            std::int64_t columns, bool prune,
                            const operands::QuantileSegment* table,
                            typename Format<kType>::Code* data) {
  const std::int64_t groups = (columns + 3) / 4;
  const bool aligned = columns % 4 == 0;
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  std::int64_t item = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (; item < rows * groups; item += stride) {
    const std::int64_t row = item / groups;
    const std::int64_t column = item % groups * 4;
    const StreamKey key = operands::stream_key(seed, tensor, static_cast<std::uint64_t>(row));
    GroupWord<kType> group = 0;
    for (int i = 0; i < 4; ++i) {
      // Beyond the end of the row a group is filled up with zeros.
      if (column + i >= columns) break;
      const auto code =
          operands::random_code<kType>(table, key, static_cast<std::uint32_t>(column + i));
      group |= static_cast<GroupWord<kType>>(code) << (i * operands::kCodeBits<kType>);
    }
    if (prune) group = operands::prune_group<kType>(group);
    store_group<kType>(data + row * columns, column, columns, aligned, group);
  }
}

/// A thread makes whole groups of eight columns, pruned to 6:8.
template <DataType kType>
__global__ void fill_six_eight_kernel(std::uint64_t seed, operands::Tensor tensor,
                                      std::int64_t rows, std::int64_t columns,
                                      const operands::QuantileSegment* table,
                                      typename Format<kType>::Code* data) {
  using Code = typename Format<kType>::Code;
  constexpr std::int64_t kGroup = operands::kEightGroup;
  const std::int64_t groups = (columns + kGroup - 1) / kGroup;
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  std::int64_t item = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (; item < rows * groups; item += stride) {
    const std::int64_t row = item / groups;
    const std::int64_t column = item % groups * kGroup;
    const StreamKey key = operands::stream_key(seed, tensor, static_cast<std::uint64_t>(row));
    Code group[kGroup] = {};
    for (std::int64_t i = 0; i < kGroup && column + i < columns; ++i) {
      group[i] = operands::random_code<kType>(table, key, static_cast<std::uint32_t>(column + i));
    }
    operands::prune_eight<kType>(group);
    for (std::int64_t i = 0; i < kGroup && column + i < columns; ++i) {
      data[row * columns + column + i] = group[i];
    }
  }
}

/// A thread makes one byte of metadata and the values of its two groups.
template <DataType kType>
__global__ void compress_kernel(const typename Format<kType>::Code* b, std::int64_t n,
                                std::int64_t k, typename Format<kType>::Code* values,
                                std::uint8_t* metadata) {
  const std::int64_t groups = (k + 3) / 4;
  const std::int64_t row_bytes = (groups + 1) / 2;
  const bool aligned = k % 4 == 0;
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  std::int64_t item = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (; item < n * row_bytes; item += stride) {
    const std::int64_t row = item / row_bytes;
    const std::int64_t first_group = item % row_bytes * 2;
    std::uint32_t byte = 0;
    for (int half = 0; half < 2; ++half) {
      const std::int64_t group_index = first_group + half;
      if (group_index >= groups) break;
      const auto group = load_group<kType>(b + row * k, group_index * 4, k, aligned);
      const operands::KeptPair pair = operands::kept_pair<kType>(group);
      auto* out = values + row * groups * 2 + group_index * 2;
      out[0] = element_of<kType>(group, pair.first);
      out[1] = element_of<kType>(group, pair.second);
      byte |= pair.nibble() << (4 * half);
    }
    metadata[item] = static_cast<std::uint8_t>(byte);
  }
}

unsigned blocks_for(std::int64_t items) {
  return static_cast<unsigned>(
      std::clamp<std::int64_t>((items + kThreads - 1) / kThreads, 1, kMostBlocks));
}

}  // namespace

void fill_matrix(DataType type, std::uint64_t seed, operands::Tensor tensor, std::int64_t rows,
                 std::int64_t columns, Sparsity pattern, const operands::QuantileSegment* table,
                 void* data, cudaStream_t stream) {
  with_operand_type(type, [&]<DataType kType>() {
    using Code = typename Format<kType>::Code;
    if (pattern == Sparsity::kSixEight) {
      const std::int64_t groups = (columns + operands::kEightGroup - 1) / operands::kEightGroup;
      fill_six_eight_kernel<kType><<<blocks_for(rows * groups), kThreads, 0, stream>>>(
          seed, tensor, rows, columns, table, static_cast<Code*>(data));
      return;
    }
    const bool prune = pattern == Sparsity::kTwoFour;
    fill_kernel<kType><<<blocks_for(rows * ((columns + 3) / 4)), kThreads, 0, stream>>>(
        seed, tensor, rows, columns, prune, table, static_cast<Code*>(data));
  });
  check(cudaGetLastError(), "launch the kernel that fills operands");
}

void compress_two_four(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
                       std::uint8_t* metadata, cudaStream_t stream) {
  with_operand_type(type, [&]<DataType kType>() {
    using Code = typename Format<kType>::Code;
    const std::int64_t row_bytes = ((k + 3) / 4 + 1) / 2;
    compress_kernel<kType><<<blocks_for(n * row_bytes), kThreads, 0, stream>>>(
        static_cast<const Code*>(b), n, k, static_cast<Code*>(values), metadata);
  });
  check(cudaGetLastError(), "launch the kernel that compresses weights");
}

}  // namespace twofour::device::cuda
