// What CUDA providers need of a device that is a GPU, beyond its parts.
#pragma once

#include <cuda_runtime_api.h>

#include "device/device.h"

namespace twofour::device {

/// The stream on which a provider launches; the timed loop captures what is launched there. Throws
/// std::logic_error for a device that is not a GPU.
cudaStream_t stream_of(const Device& device);

/// Compute capability times ten: 90 for Hopper. Throws as stream_of does.
int compute_capability_of(const Device& device);

/// SMs. Throws as stream_of does.
int multiprocessors_of(const Device& device);

}  // namespace twofour::device
