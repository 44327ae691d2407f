// Chooses among the kernels of batches of one type. Included by one .cu for each type.
#pragma once

#include "providers/cuda/sm90/batched_kernel.cuh"

namespace twofour::providers::cuda::sm90 {

template <DataType kType, Sparsity kSparsity>
const void* batched_kernel_for_m(std::int64_t m) {
  switch (padded_m(m)) {
    case 8:
      return reinterpret_cast<const void*>(batched_kernel<kType, kSparsity, 8>);
    case 16:
      return reinterpret_cast<const void*>(batched_kernel<kType, kSparsity, 16>);
    case 32:
      return reinterpret_cast<const void*>(batched_kernel<kType, kSparsity, 32>);
    case 64:
      return reinterpret_cast<const void*>(batched_kernel<kType, kSparsity, 64>);
    default:
      return reinterpret_cast<const void*>(batched_kernel<kType, kSparsity, 128>);
  }
}

template <DataType kType>
const void* batched_kernel_of(Sparsity sparsity, std::int64_t m) {
  return sparsity == Sparsity::kTwoFour ? batched_kernel_for_m<kType, Sparsity::kTwoFour>(m)
                                        : batched_kernel_for_m<kType, Sparsity::kDense>(m);
}

}  // namespace twofour::providers::cuda::sm90
