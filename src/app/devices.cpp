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

#if defined(TWOFOUR_WITH_CUDA)
constexpr bool kWithCuda = true;
std::vector<DeviceId> list_gpus() { return device::list_cuda_devices(); }
std::unique_ptr<device::Device> open_gpu(const DeviceId& id) {
  return device::make_cuda_device(id.ordinal);
}
#else
constexpr bool kWithCuda = false;
std::vector<DeviceId> list_gpus() {
  throw std::runtime_error("built without CUDA (TWOFOUR_CUDA=OFF)");
}
std::unique_ptr<device::Device> open_gpu(const DeviceId& /*id*/) { return nullptr; }
#endif

/// The first GPU that can be opened; null with the reasons when none can.
std::unique_ptr<device::Device> open_first_gpu(const DeviceChoice& choice, std::string& reason) {
  try {
    const std::vector<DeviceId> gpus = list_gpus();
    for (const std::size_t place : gpu_order(choice, gpus.size())) {
      const DeviceId& id = gpus[place];
      try {
        return open_gpu(id);
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

std::unique_ptr<device::Device> open_device(const DeviceChoice& choice, int threads) {
  if (choice.kind == DeviceKind::kCuda) {
    try {
      return open_gpu(choose_gpu(choice, list_gpus()));
    } catch (const UsageError&) {
      throw;
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("{}: '{}' cannot be used: {}", option::kDevice,
                                           to_string(choice), error.what()));
    }
  }
  if (choice.kind) return open_cpu(choice, threads);
  std::string reason;
  if (auto gpu = open_first_gpu(choice, reason)) return gpu;
  auto cpu = device::make_cpu_device(threads, true);
  cpu->add_detail("gpu", "none is used: " + reason);
  // Who built with CUDA meant to measure a GPU.
  if (kWithCuda) cpu->add_note("no GPU can be used, so the CPU computes: " + reason);
  return cpu;
}

verify::MakeElementReader element_readers([[maybe_unused]] device::Device& device) {
#if defined(TWOFOUR_WITH_CUDA)
  if (device.id().kind == DeviceKind::kCuda) return verify::cuda_element_readers(device);
#endif
  return {};
}

}  // namespace twofour::app
