#include "providers/cuda/sm90/tensor_maps.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

using device::cuda::check;
using Encode = decltype(&cuTensorMapEncodeTiled);

Encode encode_function() {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
#if CUDART_VERSION >= 12050
  const cudaError_t looked = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry,
                                                              12000, cudaEnableDefault, &found);
#else
  const cudaError_t looked =
      cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &entry, cudaEnableDefault, &found);
#endif
  check(looked, "find cuTensorMapEncodeTiled in the driver");
  if (found != cudaDriverEntryPointSuccess || entry == nullptr) {
    throw std::runtime_error("the driver has no cuTensorMapEncodeTiled");
  }
  return reinterpret_cast<Encode>(entry);
}

/// A matrix [rows][columns] of `bytes`-byte elements, contiguous, in boxes of rows of kRowBytes; of
/// three `dimensions` `batch` of them.
CUtensorMap map_of(const char* what, const void* data, std::int64_t rows, std::int64_t columns,
                   int bytes, int box_rows, cuuint32_t dimensions = 2, std::int64_t batch = 1) {
  const cuuint64_t sizes[3] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows),
                               static_cast<cuuint64_t>(batch)};
  const cuuint64_t strides[2] = {static_cast<cuuint64_t>(columns * bytes),
                                 static_cast<cuuint64_t>(rows * columns * bytes)};
  const cuuint32_t box[3] = {static_cast<cuuint32_t>(kRowBytes / bytes),
                             static_cast<cuuint32_t>(box_rows), 1};
  const cuuint32_t element_strides[3] = {1, 1, 1};
  CUtensorMap map{};
  // The driver takes all memory as writable.
  const CUresult status = encode_function()(
      &map, bytes == 1 ? CU_TENSOR_MAP_DATA_TYPE_UINT8 : CU_TENSOR_MAP_DATA_TYPE_UINT16, dimensions,
      const_cast<void*>(data), sizes, strides, box, element_strides, CU_TENSOR_MAP_INTERLEAVE_NONE,
      CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
      CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (status != CUDA_SUCCESS) {
    throw std::runtime_error(
        fmt::format("cuTensorMapEncodeTiled refused {} of {} x {} bytes (CUresult {})", what, rows,
                    columns * bytes, static_cast<int>(status)));
  }
  return map;
}

}  // namespace

CUtensorMap activation_map(const void* a, std::int64_t m, std::int64_t row_bytes, int box_rows) {
  return map_of("activations", a, m, row_bytes, 1, box_rows);
}

CUtensorMap batched_activation_map(const void* a, std::int64_t batch, std::int64_t m,
                                   std::int64_t row_bytes, int box_rows) {
  return map_of("activations", a, m, row_bytes, 1, box_rows, 3, batch);
}

CUtensorMap output_map(void* d, std::int64_t m, std::int64_t n, int box_rows) {
  return map_of("outputs", d, m, n, 2, box_rows);
}

}  // namespace twofour::providers::cuda::sm90
