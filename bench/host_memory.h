// Host memory as a device, for benchmarks that time operations themselves. Huge pages are asked for
// as the program asks for them.
#pragma once

#include <cstring>
#include <stdexcept>

#include "device/cpu/memory.h"
#include "device/device.h"
#include "operands/host_operands.h"

namespace twofour::bench {

class HostMemory final : public device::Device {
 public:
  explicit HostMemory(int threads) : threads_(threads) {
    info_.id.kind = DeviceKind::kCpu;
    info_.id.name = "host";
  }

  [[nodiscard]] const DeviceInfo& info() const override { return info_; }
  [[nodiscard]] device::MemoryStatus memory() const override { return {}; }
  [[nodiscard]] double timer_resolution_s() const override { return 1e-9; }
  [[nodiscard]] bool can_flush() const override { return false; }
  Buffer allocate(std::size_t bytes) override {
    return device::cpu::allocate_buffer(bytes, threads_);
  }
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override {
    std::memset(data, value, bytes);
  }
  void copy_to_host(void* host, const void* data, std::size_t bytes) override {
    std::memcpy(host, data, bytes);
  }
  void copy_from_host(void* data, const void* host, std::size_t bytes) override {
    std::memcpy(data, host, bytes);
  }
  void synchronize() override {}
  operands::Operands make_operands(const operands::OperandSpec& spec) override {
    return operands::make_host_operands(spec, threads_,
                                        [&](std::size_t bytes) { return allocate(bytes); });
  }
  std::unique_ptr<device::TimedLoop> timed_loop(device::LoopSpec /*spec*/) override {
    throw std::logic_error("these benchmarks time launches themselves");
  }
  Roofs measure_roofs(std::span<const DataType> /*types*/) override { return {}; }
  [[nodiscard]] ClockSample clocks() const override { return {}; }

 private:
  DeviceInfo info_;
  int threads_;
};

}  // namespace twofour::bench
