// Compression on the GPU, into the layout of layout.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/data_type.h"

namespace twofour::providers::cutlass::sm90 {

/// Compresses the 2:4 weight `b`, [n][k] row-major; 8 divides k. `values` takes values_bytes(),
/// `metadata` metadata_bytes(), all of which is written: what an atom has beyond n or k names two
/// positions as well, of values that are never read or zero. Launches on `stream` and does not
/// wait. Throws std::runtime_error or device::DeviceLost.
void compress(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
              std::uint8_t* metadata, cudaStream_t stream);

}  // namespace twofour::providers::cutlass::sm90
