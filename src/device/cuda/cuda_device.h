// The GPU as a device.
#pragma once

#include <memory>

#include "device/device.h"

namespace twofour::device {

/// Opens GPU `ordinal` and makes it the current one of the calling thread. Throws
/// std::runtime_error with the reason where there is no driver, no such GPU, or it cannot be used.
std::unique_ptr<Device> make_cuda_device(int ordinal);

}  // namespace twofour::device
