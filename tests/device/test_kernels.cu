#include <cuda_runtime.h>

#include "test_kernels.h"

namespace twofour::testing {
namespace {

__global__ void count_kernel(std::uint32_t* counter) { atomicAdd(counter, 1u); }

__global__ void write_kernel(std::uint32_t* address) { *address = 1; }

}  // namespace

void count_launch(std::uint32_t* counter, cudaStream_t stream) {
  count_kernel<<<1, 1, 0, stream>>>(counter);
}

void write_out_of_bounds(cudaStream_t stream) {
  write_kernel<<<1, 1, 0, stream>>>(reinterpret_cast<std::uint32_t*>(std::uintptr_t{1} << 56));
}

}  // namespace twofour::testing
