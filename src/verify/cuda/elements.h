// Kernels for chosen elements, callable from C++. Each launches on `stream` and does not wait;
// launch errors throw as device::cuda::check() does.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/data_type.h"

namespace twofour::verify::cuda {

/// Elements of D in device memory: element e lies in row rows[e] and column columns[e].
struct ElementSites {
  const std::int32_t* rows = nullptr;
  const std::int32_t* columns = nullptr;
  std::int64_t count = 0;
};

/// sums[e] is the sum over k of a[i][k] x b[j][k] for element e = (i, j), exact for int8 and in
/// float64 otherwise; magnitudes[e] that of the magnitudes of the products, not written for int8.
/// All in device memory; a is [M][k], b is [N][k], row-major.
void add_up_elements(DataType type, const ElementSites& sites, const void* a, const void* b,
                     std::int64_t k, double* sums, float* magnitudes, cudaStream_t stream);

/// codes[e] is element e of `d`, [M][n] row-major of a 16-bit type.
void gather_elements(const ElementSites& sites, const void* d, std::int64_t n, std::uint16_t* codes,
                     cudaStream_t stream);

}  // namespace twofour::verify::cuda
