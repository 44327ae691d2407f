#include "device/cuda/cuda_device.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "device/cuda/cuda_stream.h"
#include "device/cuda/error.h"
#include "device/cuda/gpu.h"
#include "device/cuda/nvml.h"
#include "device/cuda/parts.h"

namespace twofour::device {
namespace {

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string architecture_name(int capability) {
  // Hopper and Blackwell kernels are built for the exact architecture.
  return fmt::format("sm_{}{}", capability, capability >= 90 ? "a" : "");
}

/// `nvml` may be null.
DeviceInfo describe(const cuda::Gpu& gpu, const cuda::Nvml* nvml) {
  const int ordinal = gpu.id().ordinal;
  DeviceInfo info;
  info.id = gpu.id();
  info.architecture = architecture_name(gpu.compute_capability());
  const int l2_bytes = cuda::attribute(cudaDevAttrL2CacheSize, ordinal);
  if (l2_bytes > 0) info.last_level_cache_bytes = static_cast<std::size_t>(l2_bytes);
  info.last_level_cache_source = "L2 size that the CUDA driver reports";
  info.memory_bytes = gpu.memory_bytes();
  int driver = 0;
  int runtime = 0;
  cuda::check(cudaDriverGetVersion(&driver), "read the driver's version");
  cuda::check(cudaRuntimeGetVersion(&runtime), "read the runtime's version");
  auto& details = info.details;
  details["ordinal"] = std::to_string(ordinal);
  details["compute_capability"] =
      fmt::format("{}.{}", gpu.compute_capability() / 10, gpu.compute_capability() % 10);
  details["multiprocessors"] = std::to_string(gpu.multiprocessors());
  if (gpu.clock_hz()) details["max_sm_clock_mhz"] = fmt::format("{:.0f}", *gpu.clock_hz() / 1e6);
  if (const int khz = cuda::attribute(cudaDevAttrMemoryClockRate, ordinal); khz > 0) {
    details["max_memory_clock_mhz"] = fmt::format("{:.0f}", khz / 1e3);
  }
  details["cuda_driver"] = version_text(driver);
  details["cuda_runtime"] = version_text(runtime);
  details["nvml"] = nvml != nullptr ? "loaded" : "not found: no clocks, power or temperature";
  if (nvml != nullptr) details["driver"] = nvml->driver_version().value_or("unknown");
  if (const auto watts = nvml != nullptr ? nvml->power_limit_w() : std::nullopt) {
    details["power_limit_w"] = fmt::format("{:g}", *watts);
  }
  details["arithmetic_peaks"] = "computed: published rate of an SM x SMs x highest SM clock";
  return info;
}

const cuda::Gpu& gpu_of(const Device& device) {
  const auto* memory = dynamic_cast<const cuda::GpuMemory*>(&device.memory());
  if (memory == nullptr) {
    throw std::logic_error("a CUDA provider was given a device that is no GPU");
  }
  return memory->gpu();
}

}  // namespace

std::unique_ptr<Device> make_cuda_device(int ordinal) {
  const auto gpu = std::make_shared<const cuda::Gpu>(ordinal);
  auto nvml = cuda::open_nvml(gpu->id().pci_address);
  DeviceInfo info = describe(*gpu, nvml.get());
  auto memory = std::make_unique<cuda::GpuMemory>(gpu);
  auto probe = std::make_unique<cuda::GpuProbe>(gpu, *memory, std::move(nvml));
  auto operands = std::make_unique<cuda::GpuOperandSource>(gpu, *memory);
  return std::make_unique<Device>(std::move(info),
                                  Device::Parts{.memory = std::move(memory),
                                                .timer = std::make_unique<cuda::GpuTimer>(gpu),
                                                .probe = std::move(probe),
                                                .operands = std::move(operands)});
}

cudaStream_t stream_of(const Device& device) { return gpu_of(device).stream(); }

int compute_capability_of(const Device& device) { return gpu_of(device).compute_capability(); }

int multiprocessors_of(const Device& device) { return gpu_of(device).multiprocessors(); }

}  // namespace twofour::device
