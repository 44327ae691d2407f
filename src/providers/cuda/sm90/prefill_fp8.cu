#include "providers/cuda/sm90/prefill_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* prefill_kernel_fp8(int tokens, int ranks) {
  return prefill_kernel_of<DataType::kFp8E4m3>(tokens, ranks);
}

}  // namespace twofour::providers::cuda::sm90
