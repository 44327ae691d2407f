// The class behind make_cpu_device().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "device/cpu/host_files.h"
#include "device/cpu/page_pool.h"
#include "device/cpu/pinning.h"
#include "device/device.h"

namespace twofour::device::cpu {

/// The processors that this process may use, through one OpenMP team.
class Cpu final : public Device {
 public:
  /// As make_cpu_device(). `files` describe the machine.
  Cpu(int threads, bool pin, HostFiles files);

  [[nodiscard]] const DeviceInfo& info() const override { return info_; }
  [[nodiscard]] MemoryStatus memory() const override;
  [[nodiscard]] double timer_resolution_s() const override { return timer_resolution_s_; }
  [[nodiscard]] bool can_flush() const override;

  std::size_t reserve(std::size_t bytes) override;
  Buffer allocate(std::size_t bytes) override;
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override;
  void copy_to_host(void* host, const void* data, std::size_t bytes) override;
  void copy_from_host(void* data, const void* host, std::size_t bytes) override;
  /// A launch has ended when it returns: there is nothing to wait for.
  void synchronize() override {}

  operands::Operands make_operands(const operands::OperandSpec& spec) override;
  std::unique_ptr<TimedLoop> timed_loop(LoopSpec spec) override;
  Roofs measure_roofs(std::span<const DataType> types) override;
  [[nodiscard]] ClockSample clocks() const override;

 private:
  HostFiles files_;
  DeviceInfo info_;
  double timer_resolution_s_ = 0;
  std::optional<std::uint64_t> throttled_at_start_;
  std::unique_ptr<ThreadPinning> pinning_;
  std::optional<PagePool> pages_;  ///< nothing where pages may not go from buffer to buffer
};

}  // namespace twofour::device::cpu
