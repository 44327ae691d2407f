// From --device to a device.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "device/device.h"

namespace twofour::app {

/// A --device value: what to compute on. `ordinal` counts GPUs from 0.
struct DeviceChoice {
  std::string kind = "auto";  ///< "auto", "cpu" or "cuda"
  int ordinal = 0;
};

/// Opens the device: for "auto" the first GPU when this build has CUDA and one is there, else the
/// CPU. `threads` host threads compute on a CPU; 0 means one for each physical core. Throws
/// std::runtime_error with the reason when the device cannot be had.
std::unique_ptr<device::Device> open_device(const DeviceChoice& choice, int threads);

/// Why device "cuda" cannot be had here; nothing when it can.
std::optional<std::string> cuda_unavailable();

}  // namespace twofour::app
