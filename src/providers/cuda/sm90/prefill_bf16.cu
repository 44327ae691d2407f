#include "providers/cuda/sm90/prefill_launch.cuh"

namespace twofour::providers::cuda::sm90 {

const void* prefill_kernel_bf16(int tokens, int ranks) {
  return prefill_kernel_of<DataType::kBf16>(tokens, ranks);
}

}  // namespace twofour::providers::cuda::sm90
