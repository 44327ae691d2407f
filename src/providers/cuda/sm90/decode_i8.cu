#include "providers/cuda/sm90/decode_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* kernel_i8(Sparsity sparsity, std::int64_t m, int warpgroups) {
  return kernel_of<DataType::kInt8>(sparsity, m, warpgroups);
}

}  // namespace twofour::providers::cuda::sm90
