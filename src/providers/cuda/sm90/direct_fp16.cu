#include "providers/cuda/sm90/direct_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* direct_kernel_fp16(Sparsity sparsity, std::int64_t m, int tiles) {
  return direct_kernel_of<DataType::kFp16>(sparsity, m, tiles);
}

}  // namespace twofour::providers::cuda::sm90
