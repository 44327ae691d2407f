// GPUs as devices.
#pragma once

#include <memory>
#include <vector>

#include "core/device_id.h"
#include "device/device.h"

namespace twofour::device {

/// The GPUs that this process may use, in the order of their ordinals; at least one. Throws
/// std::runtime_error with the reason where there is no driver or no GPU.
std::vector<DeviceId> list_cuda_devices();

/// Opens GPU `ordinal` for the calling thread, which alone may use it: what CUDA makes for a thread
/// it makes on the GPU that this call leaves current (device/cuda/gpu.h). Throws std::runtime_error
/// with the reason where there is no driver, no such GPU, or it cannot be used.
std::unique_ptr<Device> make_cuda_device(int ordinal);

}  // namespace twofour::device
