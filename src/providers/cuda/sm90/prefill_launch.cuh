// Chooses among the prefill kernels of one type. Included by one .cu for each type.
#pragma once

#include "providers/cuda/sm90/prefill_kernel.cuh"

namespace twofour::providers::cuda::sm90 {

template <DataType kType, int kTokens>
const void* prefill_kernel_for_ranks(int ranks) {
  if (ranks == 1) return reinterpret_cast<const void*>(prefill_kernel<kType, kTokens, 1>);
  if (ranks == 2) return reinterpret_cast<const void*>(prefill_kernel<kType, kTokens, 2>);
  return nullptr;
}

/// The entries of kPrefillTokens from kIndex on.
template <DataType kType, std::size_t kIndex = 0>
const void* prefill_kernel_of(int tokens, int ranks) {
  if constexpr (kIndex == std::size(kPrefillTokens)) {
    return nullptr;
  } else {
    if (tokens == kPrefillTokens[kIndex]) {
      return prefill_kernel_for_ranks<kType, kPrefillTokens[kIndex]>(ranks);
    }
    return prefill_kernel_of<kType, kIndex + 1>(tokens, ranks);
  }
}

}  // namespace twofour::providers::cuda::sm90
