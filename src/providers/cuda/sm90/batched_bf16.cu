#include "providers/cuda/sm90/batched_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* batched_kernel_bf16(Sparsity sparsity, std::int64_t m) {
  return batched_kernel_of<DataType::kBf16>(sparsity, m);
}

}  // namespace twofour::providers::cuda::sm90
