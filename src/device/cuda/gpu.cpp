#include "device/cuda/gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "device/cuda/cuda_device.h"
#include "device/cuda/cuda_stream.h"
#include "device/cuda/elements.h"
#include "device/cuda/error.h"
#include "device/cuda/graph_loop.h"
#include "device/cuda/kernels.h"
#include "device/cuda/peak_rates.h"
#include "operands/host_operands.h"

namespace twofour::device {
namespace cuda {
namespace {

// NVIDIA documents the resolution of cudaEventElapsedTime as around half a microsecond.
constexpr double kEventResolution_s = 0.5e-6;

constexpr std::size_t kRoofBytes = std::size_t{1} << 30;
constexpr int kRoofRepeats = 8;

int attribute(cudaDeviceAttr which, int ordinal) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, ordinal), "read an attribute of the GPU");
  return value;
}

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string architecture_name(int capability) {
  // Hopper and Blackwell kernels are built for the exact architecture.
  return fmt::format("sm_{}{}", capability, capability >= 90 ? "a" : "");
}

std::string pci_bus_id(int ordinal) {
  std::array<char, 32> text{};
  check(cudaDeviceGetPCIBusId(text.data(), static_cast<int>(text.size()), ordinal),
        "read the GPU's bus address");
  return text.data();
}

int count_gpus() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    cudaGetLastError();
    throw std::runtime_error(fmt::format("no usable GPU: {}", cudaGetErrorString(status)));
  }
  return count;
}

void require_gpu(int ordinal) {
  const int count = count_gpus();
  if (ordinal < 0 || ordinal >= count) {
    throw std::runtime_error(
        fmt::format("there is no GPU {}: this machine has {}", ordinal, count));
  }
}

}  // namespace

Gpu::Gpu(int ordinal) {
  require_gpu(ordinal);
  check(cudaSetDevice(ordinal), fmt::format("use GPU {}", ordinal));
  describe(ordinal);
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream");
}

Gpu::~Gpu() { ignore(cudaStreamDestroy(stream_)); }

void Gpu::describe(int ordinal) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, ordinal), "read the GPU's properties");
  compute_capability_ = properties.major * 10 + properties.minor;
  multiprocessors_ = properties.multiProcessorCount;
  const double clock_khz = attribute(cudaDevAttrClockRate, ordinal);
  clock_hz_ = clock_khz * 1e3;
  info_.id.kind = DeviceKind::kCuda;
  info_.id.name = properties.name;
  info_.architecture = architecture_name(compute_capability_);
  info_.last_level_cache_bytes =
      static_cast<std::size_t>(attribute(cudaDevAttrL2CacheSize, ordinal));
  info_.last_level_cache_source = "L2 size that the CUDA driver reports";
  info_.memory_bytes = properties.totalGlobalMem;
  int driver = 0;
  int runtime = 0;
  check(cudaDriverGetVersion(&driver), "read the driver's version");
  check(cudaRuntimeGetVersion(&runtime), "read the runtime's version");
  nvml_ = open_nvml(pci_bus_id(ordinal));
  auto& details = info_.details;
  details["ordinal"] = std::to_string(ordinal);
  details["compute_capability"] = fmt::format("{}.{}", properties.major, properties.minor);
  details["multiprocessors"] = std::to_string(multiprocessors_);
  details["max_sm_clock_mhz"] = fmt::format("{:.0f}", clock_khz / 1e3);
  details["max_memory_clock_mhz"] =
      fmt::format("{:.0f}", attribute(cudaDevAttrMemoryClockRate, ordinal) / 1e3);
  details["cuda_driver"] = version_text(driver);
  details["cuda_runtime"] = version_text(runtime);
  details["nvml"] = nvml_ != nullptr ? "loaded" : "not found: no clocks, power or temperature";
  if (nvml_ != nullptr) details["driver"] = nvml_->driver_version();
  details["arithmetic_peaks"] = "computed: published rate of an SM x SMs x highest SM clock";
}

MemoryStatus Gpu::memory() const {
  MemoryStatus status;
  check(cudaMemGetInfo(&status.free_bytes, &status.total_bytes), "read how much memory is free");
  return status;
}

double Gpu::timer_resolution_s() const { return kEventResolution_s; }

Buffer Gpu::allocate(std::size_t bytes) {
  void* data = nullptr;
  const std::size_t wanted = std::max<std::size_t>(bytes, 1);
  check(cudaMalloc(&data, wanted), fmt::format("allocate {} bytes on the GPU", wanted));
  return {data, bytes, [](void* memory) { ignore(cudaFree(memory)); }};
}

void Gpu::fill_bytes(void* data, unsigned char value, std::size_t bytes) {
  check(cudaMemsetAsync(data, value, bytes, stream_), "fill memory of the GPU");
}

void Gpu::copy_to_host(void* host, const void* data, std::size_t bytes) {
  check(cudaMemcpyAsync(host, data, bytes, cudaMemcpyDeviceToHost, stream_), "copy from the GPU");
  synchronize();
}

void Gpu::copy_from_host(void* data, const void* host, std::size_t bytes) {
  check(cudaMemcpyAsync(data, host, bytes, cudaMemcpyHostToDevice, stream_), "copy to the GPU");
  synchronize();
}

void Gpu::synchronize() { check(cudaStreamSynchronize(stream_), "finish the work on the GPU"); }

operands::Operands Gpu::make_operands(const operands::OperandSpec& spec) {
  using operands::Tensor;
  if (quantiles_.empty()) {
    const operands::QuantileTable& table = operands::quantile_table();
    quantiles_ = allocate(sizeof(table));
    copy_from_host(quantiles_.data(), table.data(), sizeof(table));
  }
  const GemmShape& shape = spec.shape;
  const auto m = static_cast<std::size_t>(shape.m);
  const auto n = static_cast<std::size_t>(shape.n);
  const auto k = static_cast<std::size_t>(shape.k);
  const auto element = static_cast<std::size_t>(size_of(spec.type));
  const auto upload = [&](const auto& values) {
    const std::size_t bytes = values.size() * sizeof(values[0]);
    Buffer buffer = allocate(bytes);
    copy_from_host(buffer.data(), values.data(), bytes);
    return buffer;
  };
  operands::Operands made;
  made.spec = spec;
  made.a = allocate(m * k * element);
  made.b = allocate(n * k * element);
  const auto* table = quantiles_.as<operands::QuantileSegment>();
  fill_matrix(spec.type, spec.seed, Tensor::kA, shape.m, shape.k, false, table, made.a.data(),
              stream_);
  fill_matrix(spec.type, spec.seed, Tensor::kB, shape.n, shape.k, true, table, made.b.data(),
              stream_);
  std::vector<float> scales_a(spec.scales.a == ScaleGranularity::kVector ? m : 1);
  std::vector<float> scales_b(spec.scales.b == ScaleGranularity::kVector ? n : 1);
  operands::make_scales(spec.seed, spec.scales.a, true, scales_a);
  operands::make_scales(spec.seed, spec.scales.b, false, scales_b);
  made.scale_a = upload(scales_a);
  made.scale_b = upload(scales_b);
  std::vector<std::uint16_t> bf16(n);
  std::vector<std::uint16_t> fp16(n);
  operands::make_bias(spec.seed, bf16, fp16);
  made.bias_bf16 = upload(bf16);
  made.bias_fp16 = upload(fp16);
  return made;
}

std::unique_ptr<ElementReader> Gpu::element_reader(const GemmShape& shape,
                                                   const ElementList& elements) {
  return make_element_reader(*this, shape, elements);
}

std::unique_ptr<TimedLoop> Gpu::timed_loop(LoopSpec spec) {
  return make_graph_loop(std::move(spec), stream_);
}

Roofs Gpu::measure_roofs(std::span<const DataType> types) {
  Roofs roofs;
  for (const DataType type : types) {
    const auto rate = multiply_adds_per_clock(compute_capability_, type);
    if (!rate) continue;
    const double per_second = static_cast<double>(*rate) * multiprocessors_ * clock_hz_;
    roofs.multiply_adds_per_s[type] = per_second;
    roofs.sparse_multiply_adds_per_s[type] = 2 * per_second;
  }
  // Much more than the L2 holds, so that nothing of the last pass is left there.
  const std::size_t bytes = std::min(kRoofBytes, memory().free_bytes / 4) / 16 * 16;
  const Buffer data = allocate(bytes);
  const Buffer sink = allocate(sizeof(std::uint32_t));
  fill_bytes(data.data(), 0x5A, bytes);
  EventPair events;
  for (int i = 0; i < kRoofRepeats; ++i) {
    events.start(stream_);
    read_all(data.data(), bytes, sink.as<std::uint32_t>(), stream_);
    events.stop(stream_);
    const double rate = static_cast<double>(bytes) / events.wait_elapsed_s();
    roofs.read_bytes_per_s = std::max(roofs.read_bytes_per_s, rate);
  }
  return roofs;
}

bool Gpu::held_back() const { return nvml_ != nullptr && !nvml_->throttle_reasons().empty(); }

ClockSample Gpu::clocks() const { return nvml_ != nullptr ? nvml_->sample() : ClockSample{}; }

}  // namespace cuda

std::unique_ptr<Device> make_cuda_device(int ordinal) {
  return std::make_unique<cuda::Gpu>(ordinal);
}

cudaStream_t stream_of(Device& device) {
  auto* gpu = dynamic_cast<cuda::Gpu*>(&device);
  if (gpu == nullptr) throw std::logic_error("a CUDA provider was given a device that is no GPU");
  return gpu->stream();
}

int compute_capability_of(const Device& device) {
  const auto* gpu = dynamic_cast<const cuda::Gpu*>(&device);
  if (gpu == nullptr) throw std::logic_error("a CUDA provider was given a device that is no GPU");
  return gpu->compute_capability();
}

int current_compute_capability() {
  if (cuda::count_gpus() == 0) throw std::runtime_error("no usable GPU: this machine has none");
  int ordinal = 0;
  cuda::check(cudaGetDevice(&ordinal), "ask for the current GPU");
  return cuda::attribute(cudaDevAttrComputeCapabilityMajor, ordinal) * 10 +
         cuda::attribute(cudaDevAttrComputeCapabilityMinor, ordinal);
}

int current_multiprocessors() {
  int ordinal = 0;
  cuda::check(cudaGetDevice(&ordinal), "ask for the current GPU");
  return cuda::attribute(cudaDevAttrMultiProcessorCount, ordinal);
}

void copy_on_gpu(Device& device, void* to, const void* from, std::size_t bytes) {
  cuda::check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_of(device)),
              "copy within the GPU's memory");
}

}  // namespace twofour::device
