// Scales, bias and conversion after a product that leaves its sums.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/data_type.h"

namespace twofour::providers::cublaslt {

/// D = scale_a * scale_b * sums + bias, all row-major in device memory.
struct ScaleOutput {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t batch = 1;      ///< of such products, all with the same scales and bias
  std::int64_t d_rows = 0;     ///< from one D of a batch to the next
  bool integer_sums = true;    ///< int32, else float32
  const void* sums = nullptr;  ///< [batch][m][n]
  const float* scale_a = nullptr;
  bool per_token = false;  ///< scale_a is [m], else [1]
  const float* scale_b = nullptr;
  bool per_channel = false;           ///< scale_b is [n], else [1]
  const void* bias = nullptr;         ///< [n] of type d, or null
  DataType d_type = DataType::kBf16;  ///< kBf16 or kFp16
  void* d = nullptr;                  ///< [batch][d_rows][n], of which m rows are written
};

/// Launches on `stream`; does not wait. Throws as device::cuda::check does.
void scale_output(const ScaleOutput& job, cudaStream_t stream);

}  // namespace twofour::providers::cublaslt
