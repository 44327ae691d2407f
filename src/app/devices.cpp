#include "app/devices.h"

#include <exception>
#include <stdexcept>

#include "device/cpu/cpu_device.h"
#if defined(TWOFOUR_WITH_CUDA)
#include "device/cuda/cuda_device.h"
#endif

namespace twofour::app {
namespace {

#if defined(TWOFOUR_WITH_CUDA)
std::unique_ptr<device::Device> open_cuda(int ordinal) { return device::make_cuda_device(ordinal); }
#else
std::unique_ptr<device::Device> open_cuda(int /*ordinal*/) {
  throw std::runtime_error("built without CUDA (TWOFOUR_CUDA=OFF)");
}
#endif

}  // namespace

std::optional<std::string> cuda_unavailable() {
  try {
    open_cuda(0);
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::unique_ptr<device::Device> open_device(const DeviceChoice& choice, int threads) {
  if (choice.kind == "cuda") {
    try {
      return open_cuda(choice.ordinal);
    } catch (const std::exception& error) {
      throw std::runtime_error("--device: 'cuda:" + std::to_string(choice.ordinal) +
                               "' cannot be used: " + error.what());
    }
  }
  if (choice.kind == "auto" && !cuda_unavailable()) return open_cuda(choice.ordinal);
  return device::make_cpu_device(threads, true);
}

}  // namespace twofour::app
