// Types in the words of NVIDIA's libraries.
#pragma once

#include <library_types.h>

#include "core/data_type.h"

namespace twofour::device::cuda {

constexpr cudaDataType library_type(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return CUDA_R_8I;
    case DataType::kFp8E4m3:
      return CUDA_R_8F_E4M3;
    case DataType::kBf16:
      return CUDA_R_16BF;
    case DataType::kFp16:
      return CUDA_R_16F;
    case DataType::kFp32:
      break;
  }
  return CUDA_R_32F;
}

}  // namespace twofour::device::cuda
