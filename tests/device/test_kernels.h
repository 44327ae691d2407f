// Kernels that only tests launch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace twofour::testing {

/// Adds one to *counter.
void count_launch(std::uint32_t* counter, cudaStream_t stream);
/// Writes to an address that no allocation has.
void write_out_of_bounds(cudaStream_t stream);

}  // namespace twofour::testing
