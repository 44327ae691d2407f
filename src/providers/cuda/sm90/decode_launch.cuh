// Chooses among the kernels of one type. Included by one .cu for each type, so that types compile
// in parallel.
#pragma once

#include "providers/cuda/sm90/decode_kernel.cuh"

namespace twofour::providers::cuda::sm90 {

template <DataType kType, Sparsity kSparsity, int kPaddedM, bool kFew = false>
const void* address() {
  return reinterpret_cast<const void*>(decode_kernel<kType, kSparsity, kPaddedM, kFew>);
}

template <DataType kType, Sparsity kSparsity>
const void* kernel_for_m(std::int64_t m, int warpgroups) {
  switch (padded_m(m)) {
    case 8:
      return address<kType, kSparsity, 8>();
    case 16:
      return address<kType, kSparsity, 16>();
    case 32:
      return address<kType, kSparsity, 32>();
    case 64:
      return warpgroups > kFewWarpgroups ? address<kType, kSparsity, 64>()
                                         : address<kType, kSparsity, 64, true>();
    default:
      return address<kType, kSparsity, 128>();
  }
}

template <DataType kType>
const void* kernel_of(Sparsity sparsity, std::int64_t m, int warpgroups) {
  return sparsity == Sparsity::kTwoFour ? kernel_for_m<kType, Sparsity::kTwoFour>(m, warpgroups)
                                        : kernel_for_m<kType, Sparsity::kDense>(m, warpgroups);
}

}  // namespace twofour::providers::cuda::sm90
