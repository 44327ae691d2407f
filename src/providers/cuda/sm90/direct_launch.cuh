// Chooses among the direct kernels of one type. Included by one .cu for each type, so that types
// compile in parallel.
#pragma once

#include "providers/cuda/sm90/direct_kernel.cuh"

namespace twofour::providers::cuda::sm90 {

template <DataType kType, Sparsity kSparsity, int kPaddedM>
const void* direct_kernel_for_tiles(int tiles) {
  switch (tiles) {
    case 1:
      return reinterpret_cast<const void*>(direct_kernel<kType, kSparsity, kPaddedM, 1>);
    case 2:
      return reinterpret_cast<const void*>(direct_kernel<kType, kSparsity, kPaddedM, 2>);
    case 3:
      return reinterpret_cast<const void*>(direct_kernel<kType, kSparsity, kPaddedM, 3>);
    case 4:
      return reinterpret_cast<const void*>(direct_kernel<kType, kSparsity, kPaddedM, 4>);
    default:
      return reinterpret_cast<const void*>(direct_kernel<kType, kSparsity, kPaddedM, 5>);
  }
}

template <DataType kType>
const void* direct_kernel_of(Sparsity sparsity, std::int64_t m, int tiles) {
  constexpr Sparsity kTwoFour = Sparsity::kTwoFour;
  constexpr Sparsity kDense = Sparsity::kDense;
  if (sparsity == kTwoFour) {
    return m <= 8 ? direct_kernel_for_tiles<kType, kTwoFour, 8>(tiles)
                  : direct_kernel_for_tiles<kType, kTwoFour, 16>(tiles);
  }
  return m <= 8 ? direct_kernel_for_tiles<kType, kDense, 8>(tiles)
                : direct_kernel_for_tiles<kType, kDense, 16>(tiles);
}

}  // namespace twofour::providers::cuda::sm90
