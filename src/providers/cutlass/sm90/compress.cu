#include <cuda_runtime.h>

#include <algorithm>

#include "device/cuda/error.h"
#include "device/cuda/two_four.cuh"
#include "operands/two_four_group.h"
#include "providers/cutlass/sm90/compress.h"
#include "providers/cutlass/sm90/layout.h"

namespace twofour::providers::cutlass::sm90 {
namespace {

using operands::Format;

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = std::int64_t{1} << 20;
/// The nibble of a group of zeros: positions 0 and 1.
constexpr std::uint32_t kZeroGroup = 0b0100;

/// An item is eight k of a row: one byte of metadata and the values of its two groups, which are
/// neighbours in both orders of an atom. Items cover whole atoms. Rows of values are those of
/// `wide` k, a multiple of 8.
template <DataType kType>
__global__ void compress_kernel(const typename Format<kType>::Code* b, std::int64_t n,
                                std::int64_t k, std::int64_t wide,
                                operands::PairWord<kType>* values, std::uint8_t* metadata) {
  const std::int64_t row_items = round_up(k, kAtomDepth) / 8;
  const std::int64_t rows = round_up(n, kAtomRows);
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  std::int64_t item = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (; item < rows * row_items; item += stride) {
    const std::int64_t row = item / row_items;
    const std::int64_t column = item % row_items * 8;
    std::uint32_t byte = kZeroGroup | kZeroGroup << 4;
    if (row < n && column < k) {
      byte = 0;
      for (int half = 0; half < 2; ++half) {
        const std::int64_t at = column + 4 * half;
        const auto group = device::cuda::load_group<kType>(b + row * k, at, k, true);
        const operands::KeptPair pair = operands::kept_pair<kType>(group);
        const auto first = device::cuda::element_of<kType>(group, pair.first);
        const auto second = device::cuda::element_of<kType>(group, pair.second);
        values[(row * wide + at) / 4] = static_cast<operands::PairWord<kType>>(
            first | static_cast<std::uint32_t>(second) << operands::kCodeBits<kType>);
        byte |= pair.nibble() << (4 * half);
      }
    } else if (row < n && column < wide) {
      for (int half = 0; half < 2; ++half) values[(row * wide + column) / 4 + half] = 0;
    }
    const std::int64_t position =
        metadata_position(row, column, n, static_cast<int>(sizeof(typename Format<kType>::Code)));
    metadata[position / 8] = static_cast<std::uint8_t>(byte);
  }
}

}  // namespace

void compress(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
              std::uint8_t* metadata, cudaStream_t stream) {
  const auto items = static_cast<std::int64_t>(metadata_bytes(n, k));
  const auto blocks = static_cast<unsigned>(
      std::clamp<std::int64_t>((items + kThreads - 1) / kThreads, 1, kMostBlocks));
  with_operand_type(type, [&]<DataType kType>() {
    using Code = typename Format<kType>::Code;
    compress_kernel<kType><<<blocks, kThreads, 0, stream>>>(
        static_cast<const Code*>(b), n, k, packed_k(k, kType),
        static_cast<operands::PairWord<kType>*>(values), metadata);
  });
  device::cuda::check(cudaGetLastError(), "launch the kernel that compresses weights for CUTLASS");
}

}  // namespace twofour::providers::cutlass::sm90
