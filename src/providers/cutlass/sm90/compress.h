// Compression of 2:4 weights on the GPU, into the form of layout.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/data_type.h"

namespace twofour::providers::cutlass::sm90 {

/// Compresses the 2:4 weight b [n][k]; 8 divides k. Writes all of `values` (values_bytes()) and of
/// `metadata` (metadata_bytes()); beyond n and k there are groups of zeros. Launches on `stream`
/// and does not wait. Throws as device::cuda::check() does.
void compress(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
              std::uint8_t* metadata, cudaStream_t stream);

}  // namespace twofour::providers::cutlass::sm90
