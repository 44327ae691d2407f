// The parts of a GPU as a device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "device/cuda/clock_stamps.h"
#include "device/cuda/gpu.h"
#include "device/cuda/nvml.h"
#include "device/device.h"

namespace twofour::device::cuda {

/// The GPU's own memory. Work is ordered on the GPU's stream.
class GpuMemory final : public Memory {
 public:
  explicit GpuMemory(std::shared_ptr<const Gpu> gpu) : gpu_(std::move(gpu)) {}

  [[nodiscard]] const Gpu& gpu() const { return *gpu_; }

  [[nodiscard]] MemoryStatus status() const override;
  Buffer allocate(std::size_t bytes) override;
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override;
  void copy_to_host(void* host, const void* data, std::size_t bytes) override;
  void copy_from_host(void* data, const void* host, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes, std::size_t unit_bytes) override;
  void synchronize() override;

 private:
  std::shared_ptr<const Gpu> gpu_;
};

/// Times CUDA graphs by events. There is no way to flush single lines of a GPU's L2: cold means
/// rotation.
class GpuTimer final : public Timer {
 public:
  explicit GpuTimer(std::shared_ptr<const Gpu> gpu) : gpu_(std::move(gpu)) {}

  [[nodiscard]] double resolution_s() const override;
  std::unique_ptr<TimedLoop> timed_loop(LoopSpec spec) override;

 private:
  std::shared_ptr<const Gpu> gpu_;
  /// Of all loops that want them, of which one runs at a time; made with the first.
  std::shared_ptr<ClockStamps> stamps_;
};

/// Read bandwidth is measured in memory from `memory`, which must outlive it. The arithmetic peaks
/// are computed from the architecture's published rate for each SM and clock, and the highest SM
/// clock (peak_rates.h). Clocks come from `nvml`, which may be null.
class GpuProbe final : public Probe {
 public:
  GpuProbe(std::shared_ptr<const Gpu> gpu, Memory& memory, std::unique_ptr<Nvml> nvml)
      : gpu_(std::move(gpu)), memory_(memory), nvml_(std::move(nvml)) {}

  Roofs measure_roofs(std::span<const DataType> types) override;
  [[nodiscard]] ClockSample clocks() const override;
  [[nodiscard]] ForeignWork foreign_load() const override;
  [[nodiscard]] bool held_back() const override;
  [[nodiscard]] std::optional<double> energy_j() const override;

 private:
  [[nodiscard]] std::optional<double> busy_while_idle() const;

  std::shared_ptr<const Gpu> gpu_;
  Memory& memory_;
  std::unique_ptr<Nvml> nvml_;
  mutable std::optional<double> last_busy_;  ///< what foreign_load() saw of others' kernels
};

/// Draws operands on the GPU, in memory from `memory`, which must outlive it.
class GpuOperandSource final : public OperandSource {
 public:
  GpuOperandSource(std::shared_ptr<const Gpu> gpu, Memory& memory)
      : gpu_(std::move(gpu)), memory_(memory) {}

  operands::Operands make_operands(const operands::OperandSpec& spec) override;

 private:
  std::shared_ptr<const Gpu> gpu_;
  Memory& memory_;
  Buffer quantiles_;  ///< operands::quantile_table() in device memory, copied when first needed
};

}  // namespace twofour::device::cuda
