// Tensor maps, by which the copy engine (TMA) reads and writes boxes of matrices in device memory.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace twofour::providers::cuda::sm90 {

/// The map of A [m][row_bytes] with boxes of 128 bytes of `box_rows` rows, at most 256, in the
/// 128-byte swizzle. `row_bytes` must be a multiple of 16. Elements outside are read as zeros.
/// Throws std::runtime_error when the driver refuses.
CUtensorMap activation_map(const void* a, std::int64_t m, std::int64_t row_bytes, int box_rows);

/// The same of `batch` such A, one behind another: boxes are of one of them, and what is outside of
/// it is read as zeros.
CUtensorMap batched_activation_map(const void* a, std::int64_t batch, std::int64_t m,
                                   std::int64_t row_bytes, int box_rows);

/// The map of D [m][n] of 16-bit elements with boxes of 64 columns of `box_rows` rows, in the same
/// swizzle. n must be a multiple of 8. Throws the same.
CUtensorMap output_map(void* d, std::int64_t m, std::int64_t n, int box_rows);

}  // namespace twofour::providers::cuda::sm90
