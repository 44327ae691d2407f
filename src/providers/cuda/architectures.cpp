#include "providers/cuda/architectures.h"

#include <array>

#include "core/gpu_architecture_row.h"
#include "device/cuda/cuda_stream.h"
#include "providers/cuda/sm90/operation.h"

namespace twofour::providers::cuda {
namespace {

constexpr std::array kSm90Types{
    TypePair{DataType::kInt8, DataType::kBf16}, TypePair{DataType::kFp8E4m3, DataType::kBf16},
    TypePair{DataType::kFp8E4m3, DataType::kFp16}, TypePair{DataType::kBf16, DataType::kBf16},
    TypePair{DataType::kFp16, DataType::kFp16}};

constexpr std::array kArchitectures{
    Architecture{.architecture = GpuArchitecture::kSm90,
                 .types = kSm90Types,
                 .most_m = sm90::most_rows,
                 // The copy engine takes rows of activations of whole 16 bytes.
                 .row_multiple = 16,
                 .weight_layout = sm90::weight_layout,
                 .pack_weights = sm90::pack_weights,
                 .workspace_bytes = sm90::workspace_bytes,
                 .make_operation = sm90::make_operation},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture& architecture_of(const device::Device& device) {
  return row_for(architectures(), device::compute_capability_of(device));
}

}  // namespace twofour::providers::cuda
