// Packs weights into units (layout.h) on the GPU.
#include <algorithm>
#include <cstdint>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/pack.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr int kThreads = 256;

template <DataType kType, Sparsity kSparsity>
__global__ void pack_kernel(const std::uint8_t* b, std::int64_t n, std::int64_t k,
                            std::int64_t pieces, std::uint8_t* packed) {
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t item = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; item < pieces;
       item += stride) {
    pack_piece<kType, kSparsity>(b, n, k, item, packed);
  }
}

template <DataType kType, Sparsity kSparsity>
void pack(const void* b, std::int64_t n, std::int64_t k, void* packed, cudaStream_t stream) {
  const std::int64_t pieces = piece_count(kType, kSparsity, n, k);
  const auto blocks = static_cast<unsigned>(
      std::clamp<std::int64_t>((pieces + kThreads - 1) / kThreads, 1, 1 << 20));
  pack_kernel<kType, kSparsity><<<blocks, kThreads, 0, stream>>>(
      static_cast<const std::uint8_t*>(b), n, k, pieces, static_cast<std::uint8_t*>(packed));
}

}  // namespace

void pack_weights(DataType type, Sparsity sparsity, const void* b, std::int64_t n, std::int64_t k,
                  void* packed, cudaStream_t stream) {
  with_operand_type(type, [&]<DataType kType>() {
    if (sparsity == Sparsity::kTwoFour) {
      pack<kType, Sparsity::kTwoFour>(b, n, k, packed, stream);
    } else {
      pack<kType, Sparsity::kDense>(b, n, k, packed, stream);
    }
  });
  device::cuda::check(cudaGetLastError(), "launch the kernel that packs weights");
}

}  // namespace twofour::providers::cuda::sm90
