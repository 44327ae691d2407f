// Copies of matrices with other rows, on the GPU. All are row-major in device memory, aligned as a
// device allocates; each function launches on `stream`, does not wait, and throws as
// device::cuda::check() does. A kernel of the stream that is launched to overlap the end of the one
// before it may start at once.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "core/data_type.h"

namespace twofour::providers {

/// Row r of `to`, `to_bytes` long, is that of `from`, `from_bytes` long: cut, or with zeros behind.
void copy_rows(const void* from, std::size_t from_bytes, void* to, std::size_t to_bytes,
               std::int64_t rows, cudaStream_t stream);

/// operands::expand_activations() of a [rows][k]; 8 divides k. Rows of `expanded` have `columns`, a
/// multiple of 4 and at least operands::expanded_k(k); behind those there are zeros.
void expand_activations(DataType type, const void* a, std::int64_t rows, std::int64_t k,
                        void* expanded, std::int64_t columns, cudaStream_t stream);

/// operands::expand_weights() of b [rows][k] in the same way, 2:4.
void expand_weights(DataType type, const void* b, std::int64_t rows, std::int64_t k, void* expanded,
                    std::int64_t columns, cudaStream_t stream);

}  // namespace twofour::providers
