// The class behind make_cuda_device().
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <span>

#include "device/cuda/nvml.h"
#include "device/device.h"

namespace twofour::device::cuda {

/// One GPU, one stream. All work is ordered on that stream.
class Gpu final : public Device {
 public:
  explicit Gpu(int ordinal);
  ~Gpu() override;
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  [[nodiscard]] const DeviceInfo& info() const override { return info_; }
  [[nodiscard]] MemoryStatus memory() const override;
  [[nodiscard]] double timer_resolution_s() const override;
  /// There is no way to flush single lines of a GPU's L2: cold means rotation.
  [[nodiscard]] bool can_flush() const override { return false; }

  Buffer allocate(std::size_t bytes) override;
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override;
  void copy_to_host(void* host, const void* data, std::size_t bytes) override;
  void copy_from_host(void* data, const void* host, std::size_t bytes) override;
  void synchronize() override;

  operands::Operands make_operands(const operands::OperandSpec& spec) override;
  [[nodiscard]] bool can_read_elements() const override { return true; }
  std::unique_ptr<ElementReader> element_reader(const GemmShape& shape,
                                                const ElementList& elements) override;
  std::unique_ptr<TimedLoop> timed_loop(LoopSpec spec) override;
  /// Read bandwidth is measured. The arithmetic peaks are computed from the architecture's
  /// published rate for each SM and clock, and the highest SM clock (peak_rates.h).
  Roofs measure_roofs(std::span<const DataType> types) override;
  [[nodiscard]] ClockSample clocks() const override;
  [[nodiscard]] bool held_back() const override;

  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  [[nodiscard]] int compute_capability() const { return compute_capability_; }

 private:
  void describe(int ordinal);

  cudaStream_t stream_ = nullptr;
  int compute_capability_ = 0;
  int multiprocessors_ = 0;
  double clock_hz_ = 0;
  DeviceInfo info_;
  Buffer quantiles_;  ///< operands::quantile_table() in device memory, copied when first needed
  std::unique_ptr<Nvml> nvml_;
};

}  // namespace twofour::device::cuda
