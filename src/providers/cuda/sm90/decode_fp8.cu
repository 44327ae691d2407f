#include "providers/cuda/sm90/decode_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* kernel_fp8(Sparsity sparsity, std::int64_t m, int warpgroups) {
  return kernel_of<DataType::kFp8E4m3>(sparsity, m, warpgroups);
}

}  // namespace twofour::providers::cuda::sm90
