// What CUDA providers need of a Device beyond its interface.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "device/device.h"

namespace twofour::device {

/// The stream on which a provider launches; the timed loop captures what is launched there. Throws
/// std::logic_error for a device that is not a GPU.
cudaStream_t stream_of(Device& device);

/// Compute capability times ten: 90 for Hopper. Throws as stream_of does.
int compute_capability_of(const Device& device);

/// The same for the GPU that the calling thread uses, for what has no Device at hand. Throws
/// std::runtime_error with the reason where there is no usable GPU.
int current_compute_capability();

/// SMs of that GPU. Throws as device::cuda::check does.
int current_multiprocessors();

/// Copies within the GPU's memory, in the order of the device's stream; does not wait.
void copy_on_gpu(Device& device, void* to, const void* from, std::size_t bytes);

}  // namespace twofour::device
