#include "app/devices.h"

#include <fmt/format.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/option_names.h"
#include "device/cpu/cpu_device.h"
#if defined(TWOFOUR_WITH_CUDA)
#include "device/cuda/cuda_device.h"
#include "verify/cuda/element_reader.h"
#endif

namespace twofour::app {
namespace {

/// The first GPU that can be opened; null with the reasons when none can.
std::unique_ptr<device::Device> open_first_gpu(const GpuAccess& gpus, const DeviceChoice& choice,
                                               std::string& reason) {
  try {
    const std::vector<DeviceId> ids = gpus.list();
    for (const std::size_t place : gpu_order(choice, ids.size())) {
      const DeviceId& id = ids[place];
      try {
        return gpus.open(id);
      } catch (const std::exception& error) {
        reason += fmt::format("{}{}: {}", reason.empty() ? "" : "; ", to_string(choice_of(id)),
                              error.what());
      }
    }
  } catch (const std::exception& error) {
    reason = error.what();
  }
  return nullptr;
}

std::unique_ptr<device::Device> open_cpu(const DeviceChoice& choice, int threads) {
  try {
    return device::make_cpu_device(threads, true, {.node = choice.node, .cpus = choice.cpus});
  } catch (const device::cpu::NoSuchPart& error) {
    throw UsageError(
        fmt::format("{}: '{}' is not here: {}", option::kDevice, to_string(choice), error.what()));
  }
}

}  // namespace

GpuAccess gpu_access() {
#if defined(TWOFOUR_WITH_CUDA)
  return {.built = true, .list = device::list_cuda_devices, .open = [](const DeviceId& id) {
            return device::make_cuda_device(id.ordinal);
          }};
#else
  const auto none = []() -> std::vector<DeviceId> {
    throw std::runtime_error("built without CUDA (TWOFOUR_CUDA=OFF)");
  };
  return {.built = false, .list = none, .open = {}};
#endif
}

std::unique_ptr<device::Device> open_device(const DeviceChoice& choice, int threads,
                                            const GpuAccess& gpus) {
  if (choice.kind == DeviceKind::kCuda) {
    try {
      return gpus.open(choose_gpu(choice, gpus.list()));
    } catch (const UsageError&) {
      throw;
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("{}: '{}' cannot be used: {}", option::kDevice,
                                           to_string(choice), error.what()));
    }
  }
  if (choice.kind) return open_cpu(choice, threads);
  std::string reason;
  if (auto gpu = open_first_gpu(gpus, choice, reason)) return gpu;
  auto cpu = device::make_cpu_device(threads, true);
  cpu->add_detail("gpu", "none is used: " + reason);
  // Who built with CUDA meant to measure a GPU.
  if (gpus.built) cpu->add_note("no GPU can be used, so the CPU computes: " + reason);
  return cpu;
}

verify::MakeElementReader element_readers([[maybe_unused]] device::Device& device) {
#if defined(TWOFOUR_WITH_CUDA)
  if (device.id().kind == DeviceKind::kCuda) return verify::cuda_element_readers(device);
#endif
  return {};
}

}  // namespace twofour::app
