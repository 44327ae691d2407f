// From --device to a device.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/options_device.h"
#include "device/device.h"
#include "verify/element_reader.h"

namespace twofour::app {

/// How GPUs are reached; replaced in tests.
struct GpuAccess {
  bool built = false;                                ///< with CUDA
  std::function<std::vector<DeviceId>()> list = {};  ///< throws where none can be had
  std::function<std::unique_ptr<device::Device>(const DeviceId&)> open = {};  ///< likewise
};
/// Those of this build.
GpuAccess gpu_access();

/// Opens the device: for auto the first GPU that can be opened, else the CPU, whose detail "gpu"
/// then says why, as does a note in a build with CUDA. `threads` host threads compute on a CPU; 0
/// means one for each physical core. Throws UsageError where there are GPUs but not that one,
/// std::runtime_error with the reason when the device cannot be had.
std::unique_ptr<device::Device> open_device(const DeviceChoice& choice, int threads,
                                            const GpuAccess& gpus = gpu_access());

/// How elements of results in the memory of `device` are read; it must outlive the readers.
verify::MakeElementReader element_readers(device::Device& device);

}  // namespace twofour::app
