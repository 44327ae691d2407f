#include "providers/cuda/sm90/batched_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* batched_kernel_fp8(Sparsity sparsity, std::int64_t m) {
  return batched_kernel_of<DataType::kFp8E4m3>(sparsity, m);
}

}  // namespace twofour::providers::cuda::sm90
