// From --device to a device.
#pragma once

#include <memory>

#include "app/options_device.h"
#include "device/device.h"
#include "verify/element_reader.h"

namespace twofour::app {

/// Opens the device: for auto the first GPU that can be opened, else the CPU, whose detail "gpu"
/// then says why, as does a note in a build with CUDA. `threads` host threads compute on a CPU; 0
/// means one for each physical core. Throws UsageError where there are GPUs but not that one,
/// std::runtime_error with the reason when the device cannot be had.
std::unique_ptr<device::Device> open_device(const DeviceChoice& choice, int threads);

/// How elements of results in the memory of `device` are read; it must outlive the readers.
verify::MakeElementReader element_readers(device::Device& device);

}  // namespace twofour::app
