#include "providers/cuda/sm90/direct_kernel.cuh"

namespace twofour::providers::cuda::sm90 {
namespace {

template <Sparsity kSparsity, int kPaddedM>
const void* direct_kernel_for_tiles(int tiles) {
  switch (tiles) {
    case 1:
      return reinterpret_cast<const void*>(direct_kernel<kSparsity, kPaddedM, 1>);
    case 2:
      return reinterpret_cast<const void*>(direct_kernel<kSparsity, kPaddedM, 2>);
    case 3:
      return reinterpret_cast<const void*>(direct_kernel<kSparsity, kPaddedM, 3>);
    case 4:
      return reinterpret_cast<const void*>(direct_kernel<kSparsity, kPaddedM, 4>);
    default:
      return reinterpret_cast<const void*>(direct_kernel<kSparsity, kPaddedM, 5>);
  }
}

}  // namespace

const void* direct_kernel_i8(Sparsity sparsity, std::int64_t m, int tiles) {
  constexpr Sparsity kTwoFour = Sparsity::kTwoFour;
  constexpr Sparsity kDense = Sparsity::kDense;
  if (sparsity == kTwoFour) {
    return m <= 8 ? direct_kernel_for_tiles<kTwoFour, 8>(tiles)
                  : direct_kernel_for_tiles<kTwoFour, 16>(tiles);
  }
  return m <= 8 ? direct_kernel_for_tiles<kDense, 8>(tiles)
                : direct_kernel_for_tiles<kDense, 16>(tiles);
}

}  // namespace twofour::providers::cuda::sm90
