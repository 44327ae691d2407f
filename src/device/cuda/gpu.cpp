#include "device/cuda/gpu.h"

#include <fmt/format.h>

#include <span>
#include <stdexcept>
#include <vector>

#include "device/cuda/cuda_device.h"
#include "device/cuda/error.h"
#include "device/cuda/identity.h"

namespace twofour::device {
namespace cuda {
namespace {

int count_gpus() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    cudaGetLastError();
    throw std::runtime_error(fmt::format("no usable GPU: {}", cudaGetErrorString(status)));
  }
  return count;
}

DeviceId id_of(const cudaDeviceProp& properties, int ordinal) {
  return {.kind = DeviceKind::kCuda,
          .ordinal = ordinal,
          .name = properties.name,
          .uuid = uuid_text(std::span<const char, kUuidBytes>(properties.uuid.bytes)),
          .pci_address = pci_address_text(properties.pciDomainID, properties.pciBusID,
                                          properties.pciDeviceID)};
}

cudaDeviceProp properties_of(int ordinal) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, ordinal), "read the GPU's properties");
  return properties;
}

}  // namespace

int attribute(cudaDeviceAttr which, int ordinal) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, ordinal), "read an attribute of the GPU");
  return value;
}

Gpu::Gpu(int ordinal) {
  const int count = count_gpus();
  if (ordinal < 0 || ordinal >= count) {
    throw std::runtime_error(
        fmt::format("there is no GPU {}: this machine has {}", ordinal, count));
  }
  check(cudaSetDevice(ordinal), fmt::format("use GPU {}", ordinal));
  const cudaDeviceProp properties = properties_of(ordinal);
  id_ = id_of(properties, ordinal);
  compute_capability_ = properties.major * 10 + properties.minor;
  multiprocessors_ = properties.multiProcessorCount;
  memory_bytes_ = properties.totalGlobalMem;
  if (const int khz = attribute(cudaDevAttrClockRate, ordinal); khz > 0) clock_hz_ = khz * 1e3;
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream");
}

Gpu::~Gpu() { ignore(cudaStreamDestroy(stream_)); }

}  // namespace cuda

std::vector<DeviceId> list_cuda_devices() {
  const int count = cuda::count_gpus();
  if (count == 0) throw std::runtime_error("no usable GPU: this machine has none");
  std::vector<DeviceId> ids;
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    ids.push_back(cuda::id_of(cuda::properties_of(ordinal), ordinal));
  }
  return ids;
}

}  // namespace twofour::device
