#include "device/cuda/parts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "device/cuda/error.h"
#include "device/cuda/graph_loop.h"
#include "device/cuda/kernels.h"
#include "device/cuda/peak_rates.h"
#include "operands/host_operands.h"

namespace twofour::device::cuda {
namespace {

// NVIDIA documents the resolution of cudaEventElapsedTime as around half a microsecond.
constexpr double kEventResolution_s = 0.5e-6;

constexpr std::size_t kRoofBytes = std::size_t{1} << 30;
constexpr int kRoofRepeats = 8;

}  // namespace

MemoryStatus GpuMemory::status() const {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  check(cudaMemGetInfo(&free_bytes, &total_bytes), "read how much memory is free");
  return {.free_bytes = free_bytes, .total_bytes = total_bytes};
}

Buffer GpuMemory::allocate(std::size_t bytes) {
  void* data = nullptr;
  const std::size_t wanted = std::max<std::size_t>(bytes, 1);
  check(cudaMalloc(&data, wanted), fmt::format("allocate {} bytes on the GPU", wanted));
  return {data, bytes, [](void* memory) { ignore(cudaFree(memory)); }};
}

void GpuMemory::fill_bytes(void* data, unsigned char value, std::size_t bytes) {
  check(cudaMemsetAsync(data, value, bytes, gpu_->stream()), "fill memory of the GPU");
}

void GpuMemory::copy_to_host(void* host, const void* data, std::size_t bytes) {
  check(cudaMemcpyAsync(host, data, bytes, cudaMemcpyDeviceToHost, gpu_->stream()),
        "copy from the GPU");
  synchronize();
}

void GpuMemory::copy_from_host(void* data, const void* host, std::size_t bytes) {
  check(cudaMemcpyAsync(data, host, bytes, cudaMemcpyHostToDevice, gpu_->stream()),
        "copy to the GPU");
  synchronize();
}

void GpuMemory::copy(void* to, const void* from, std::size_t bytes, std::size_t /*unit_bytes*/) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, gpu_->stream()),
        "copy within the GPU's memory");
}

void GpuMemory::synchronize() {
  check(cudaStreamSynchronize(gpu_->stream()), "finish the work on the GPU");
}

double GpuTimer::resolution_s() const { return kEventResolution_s; }

std::unique_ptr<TimedLoop> GpuTimer::timed_loop(LoopSpec spec) {
  if (spec.effective_clock && !stamps_) {
    stamps_ = std::make_shared<ClockStamps>(gpu_->multiprocessors());
  }
  auto stamps = spec.effective_clock ? stamps_ : nullptr;
  return make_graph_loop(std::move(spec), gpu_->stream(), std::move(stamps));
}

Roofs GpuProbe::measure_roofs(std::span<const DataType> types) {
  Roofs roofs;
  for (const DataType type : types) {
    const auto rate = multiply_adds_per_clock(gpu_->compute_capability(), type);
    if (!rate || !gpu_->clock_hz()) continue;
    const double per_second =
        static_cast<double>(*rate) * gpu_->multiprocessors() * *gpu_->clock_hz();
    roofs.multiply_adds_per_s[type] = per_second;
    roofs.sparse_multiply_adds_per_s[type] = 2 * per_second;
  }
  // Much more than the L2 holds, so that nothing of the last pass is left there.
  const std::size_t bytes =
      std::min(kRoofBytes, memory_.status().free_bytes.value_or(0) / 4) / 16 * 16;
  if (bytes == 0) return roofs;
  Buffer data;
  Buffer sink;
  try {
    data = memory_.allocate(bytes);
    sink = memory_.allocate(sizeof(std::uint32_t));
  } catch (const std::exception&) {  // somebody else has taken it
    return roofs;
  }
  memory_.fill_bytes(data.data(), 0x5A, bytes);
  EventPair events;
  for (int i = 0; i < kRoofRepeats; ++i) {
    events.start(gpu_->stream());
    read_all(data.data(), bytes, sink.as<std::uint32_t>(), gpu_->stream());
    events.stop(gpu_->stream());
    const double rate = static_cast<double>(bytes) / events.wait_elapsed_s();
    roofs.read_bytes_per_s = std::max(roofs.read_bytes_per_s.value_or(0), rate);
  }
  return roofs;
}

std::optional<double> GpuProbe::energy_j() const {
  return nvml_ ? nvml_->energy_j() : std::nullopt;
}

/// Share of a second in which kernels ran although this process launches none. What NVML calls
/// utilisation is of its last period, which may be a second long and may have begun while this
/// process was at work: what looks busy is looked at again.
std::optional<double> GpuProbe::busy_while_idle() const {
  std::optional<double> least;
  for (int look = 0; look < 2; ++look) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const std::optional<double> busy = nvml_->busy_share();
    if (!busy) return least;
    least = std::min(*busy, least.value_or(1));
    if (!foreign_work({}, least).disturbs) break;
  }
  return least;
}

ForeignWork GpuProbe::foreign_load() const {
  if (!nvml_) return {};
  memory_.synchronize();
  const std::optional<double> busy = busy_while_idle();
  last_busy_ = busy;
  const std::optional<std::vector<unsigned>> processes = nvml_->compute_processes();
  const std::optional<std::span<const unsigned>> listed =
      processes ? std::optional<std::span<const unsigned>>(*processes) : std::nullopt;
  return foreign_work(neighbours(listed, static_cast<unsigned>(getpid()), process_facts), busy);
}

bool GpuProbe::held_back() const {
  return nvml_ != nullptr && !nvml_->throttle_reasons().value_or("").empty();
}

ClockSample GpuProbe::clocks() const {
  if (nvml_ == nullptr) return {};
  ClockSample sample = nvml_->sample();
  // A container hides other processes, but not what they do.
  if (!sample.foreign_processes) sample.foreign_share = last_busy_;
  return sample;
}

operands::Operands GpuOperandSource::make_operands(const operands::OperandSpec& spec) {
  using operands::Tensor;
  if (quantiles_.empty()) {
    const operands::QuantileTable& table = operands::quantile_table();
    quantiles_ = memory_.allocate(sizeof(table));
    memory_.copy_from_host(quantiles_.data(), table.data(), sizeof(table));
  }
  const GemmShape& shape = spec.shape;
  const auto m = static_cast<std::size_t>(shape.m);
  const auto n = static_cast<std::size_t>(shape.n);
  const auto upload = [&](const auto& values) {
    const std::size_t bytes = values.size() * sizeof(values[0]);
    Buffer buffer = memory_.allocate(bytes);
    memory_.copy_from_host(buffer.data(), values.data(), bytes);
    return buffer;
  };
  operands::Operands made;
  made.spec = spec;
  made.a = memory_.allocate(bytes_of(spec.type, shape.m * shape.k));
  made.b = memory_.allocate(bytes_of(spec.type, shape.n * shape.k));
  const auto* table = quantiles_.as<operands::QuantileSegment>();
  fill_matrix(spec.type, spec.seed, Tensor::kA, shape.m, shape.k, Sparsity::kDense, table,
              made.a.data(), gpu_->stream());
  fill_matrix(spec.type, spec.seed, Tensor::kB, shape.n, shape.k, spec.pattern, table,
              made.b.data(), gpu_->stream());
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

}  // namespace twofour::device::cuda
