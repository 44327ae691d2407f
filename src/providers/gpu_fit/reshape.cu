#include <cuda_runtime.h>

#include <algorithm>
#include <numeric>

#include "device/cuda/error.h"
#include "operands/six_eight_group.h"
#include "providers/gpu_fit/reshape.h"

namespace twofour::providers {
namespace {

using operands::Format;
using operands::kEightGroup;
using operands::kWindow;
using operands::kWindowColumns;
using operands::kWindows;
using operands::kWindowStep;

constexpr int kThreads = 128;
constexpr std::int64_t kMostRowBlocks = 65535;

/// A block is kThreads items of rows blockIdx.y, blockIdx.y + gridDim.y, ...
dim3 grid_of(std::int64_t items_of_row, std::int64_t rows) {
  return {
      static_cast<unsigned>(std::max<std::int64_t>((items_of_row + kThreads - 1) / kThreads, 1)),
      static_cast<unsigned>(std::clamp<std::int64_t>(rows, 1, kMostRowBlocks))};
}

__device__ std::int64_t item_of_row() {
  return static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
}

/// Programmatic dependent launch: what follows waits for this kernel before it reads what that
/// writes, and can load weights until then.
__device__ void let_next_kernel_start() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Rows are counted in units of Unit.
template <class Unit>
__global__ void __launch_bounds__(kThreads)
    copy_kernel(const Unit* from, std::int64_t from_units, Unit* to, std::int64_t to_units,
                std::int64_t rows) {
  let_next_kernel_start();
  const std::int64_t item = item_of_row();
  if (item >= to_units) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    to[row * to_units + item] = item < from_units ? from[row * from_units + item] : Unit{};
  }
}

template <class Unit>
void copy_units(const void* from, std::size_t from_bytes, void* to, std::size_t to_bytes,
                std::int64_t rows, cudaStream_t stream) {
  const auto from_units = static_cast<std::int64_t>(from_bytes / sizeof(Unit));
  const auto to_units = static_cast<std::int64_t>(to_bytes / sizeof(Unit));
  copy_kernel<Unit><<<grid_of(to_units, rows), kThreads, 0, stream>>>(
      static_cast<const Unit*>(from), from_units, static_cast<Unit*>(to), to_units, rows);
}

/// Two elements: windows overlap by so many.
template <DataType kType>
using Pair =
    std::conditional_t<sizeof(typename Format<kType>::Code) == 1, std::uint16_t, std::uint32_t>;

/// An item is a group of eight columns, and behind those a window of zeros.
template <class Pair>
__global__ void __launch_bounds__(kThreads)
    expand_activations_kernel(const Pair* a, std::int64_t rows, std::int64_t groups, Pair* expanded,
                              std::int64_t windows) {
  let_next_kernel_start();
  constexpr int kPairs = kEightGroup / 2;
  constexpr int kWindowPairs = kWindow / 2;
  struct alignas(sizeof(Pair) * kPairs) Group {
    Pair pairs[kPairs];
  };
  struct alignas(sizeof(Pair) * kWindowPairs) Window {
    Pair pairs[kWindowPairs];
  };
  static_assert(kWindowStep == 2 && kWindowPairs == 2);
  const std::int64_t item = item_of_row();
  const std::int64_t zeros = item - groups;
  if (zeros >= windows - groups * kWindows) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    Window* const to = reinterpret_cast<Window*>(expanded) + row * windows;
    if (zeros >= 0) {
      to[groups * kWindows + zeros] = Window{};
      continue;
    }
    const Group group = reinterpret_cast<const Group*>(a)[row * groups + item];
#pragma unroll
    for (int w = 0; w < kWindows; ++w) {
      to[item * kWindows + w] = Window{{group.pairs[w], group.pairs[w + 1]}};
    }
  }
}

/// An item is a group of eight columns. What is behind the last one is zero already.
template <DataType kType>
__global__ void __launch_bounds__(kThreads)
    expand_weights_kernel(const typename Format<kType>::Code* b, std::int64_t rows,
                          std::int64_t groups, typename Format<kType>::Code* expanded,
                          std::int64_t columns) {
  using Code = typename Format<kType>::Code;
  const std::int64_t item = item_of_row();
  if (item >= groups) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    Code group[kEightGroup];
    Code out[kWindowColumns];
    for (int i = 0; i < kEightGroup; ++i) group[i] = b[(row * groups + item) * kEightGroup + i];
    operands::expand_weight_group<kType>(group, out);
    Code* const to = expanded + row * columns + item * kWindowColumns;
    for (int i = 0; i < kWindowColumns; ++i) to[i] = out[i];
  }
}

}  // namespace

void copy_rows(const void* from, std::size_t from_bytes, void* to, std::size_t to_bytes,
               std::int64_t rows, cudaStream_t stream) {
  // The largest unit that divides both rows, so that all of them begin at one.
  switch (std::gcd(std::gcd(from_bytes, to_bytes), std::size_t{16})) {
    case 16:
      copy_units<uint4>(from, from_bytes, to, to_bytes, rows, stream);
      break;
    case 8:
      copy_units<uint2>(from, from_bytes, to, to_bytes, rows, stream);
      break;
    case 4:
      copy_units<std::uint32_t>(from, from_bytes, to, to_bytes, rows, stream);
      break;
    case 2:
      copy_units<std::uint16_t>(from, from_bytes, to, to_bytes, rows, stream);
      break;
    default:
      copy_units<std::uint8_t>(from, from_bytes, to, to_bytes, rows, stream);
      break;
  }
  device::cuda::check(cudaGetLastError(), "launch the kernel that copies rows");
}

void expand_activations(DataType type, const void* a, std::int64_t rows, std::int64_t k,
                        void* expanded, std::int64_t columns, cudaStream_t stream) {
  const std::int64_t groups = k / kEightGroup;
  const std::int64_t windows = columns / kWindow;
  const dim3 grid = grid_of(windows - groups * (kWindows - 1), rows);
  with_operand_type(type, [&]<DataType kType>() {
    expand_activations_kernel<Pair<kType>>
        <<<grid, kThreads, 0, stream>>>(static_cast<const Pair<kType>*>(a), rows, groups,
                                        static_cast<Pair<kType>*>(expanded), windows);
  });
  device::cuda::check(cudaGetLastError(), "launch the kernel that expands activations");
}

void expand_weights(DataType type, const void* b, std::int64_t rows, std::int64_t k, void* expanded,
                    std::int64_t columns, cudaStream_t stream) {
  const std::size_t bytes = bytes_of(type, rows * columns);
  device::cuda::check(cudaMemsetAsync(expanded, 0, bytes, stream), "clear expanded weights");
  const std::int64_t groups = k / kEightGroup;
  with_operand_type(type, [&]<DataType kType>() {
    using Code = typename Format<kType>::Code;
    expand_weights_kernel<kType><<<grid_of(groups, rows), kThreads, 0, stream>>>(
        static_cast<const Code*>(b), rows, groups, static_cast<Code*>(expanded), columns);
  });
  device::cuda::check(cudaGetLastError(), "launch the kernel that expands weights");
}

}  // namespace twofour::providers
