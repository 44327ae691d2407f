// A device of kind "cpu" whose time and memory are what the test says.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "device/device.h"

namespace twofour::testing {

/// Host memory, and a clock that only launches move: an operation under test calls spend().
class FakeDevice final : public device::Device {
 public:
  FakeDevice();

  /// Lets `seconds` pass.
  void spend(double seconds) { now_s_ += seconds; }
  [[nodiscard]] double now_s() const { return now_s_; }

  void set_free_bytes(std::size_t bytes) { memory_.free_bytes = bytes; }
  void set_last_level_cache_bytes(std::size_t bytes) { info_.last_level_cache_bytes = bytes; }
  void set_read_roof(double bytes_per_s) { roofs_.read_bytes_per_s = bytes_per_s; }
  void set_can_flush(bool can_flush) { can_flush_ = can_flush; }
  void set_held_back(bool held_back) { held_back_ = held_back; }

  /// Bytes allocated and not freed.
  [[nodiscard]] std::size_t live_bytes() const { return *live_bytes_; }
  /// The most that was ever allocated at once.
  [[nodiscard]] std::size_t peak_bytes() const { return peak_bytes_; }
  /// The cache states of all loops made, in order.
  [[nodiscard]] const std::vector<CacheState>& loops() const { return loops_; }
  /// The slots launched since the first loop was made.
  [[nodiscard]] const std::multiset<int>& slots() const { return slots_; }

  [[nodiscard]] const DeviceInfo& info() const override { return info_; }
  [[nodiscard]] device::MemoryStatus memory() const override { return memory_; }
  [[nodiscard]] double timer_resolution_s() const override { return 1e-9; }
  [[nodiscard]] bool can_flush() const override { return can_flush_; }
  Buffer allocate(std::size_t bytes) override;
  void fill_bytes(void* data, unsigned char value, std::size_t bytes) override;
  void copy_to_host(void* host, const void* data, std::size_t bytes) override;
  void copy_from_host(void* data, const void* host, std::size_t bytes) override;
  void synchronize() override {}
  operands::Operands make_operands(const operands::OperandSpec& spec) override;
  std::unique_ptr<device::TimedLoop> timed_loop(device::LoopSpec spec) override;
  Roofs measure_roofs(std::span<const DataType> /*types*/) override { return roofs_; }
  [[nodiscard]] ClockSample clocks() const override { return {}; }
  [[nodiscard]] bool held_back() const override { return held_back_; }

 private:
  friend class FakeLoop;

  DeviceInfo info_;
  device::MemoryStatus memory_;
  bool can_flush_ = false;
  bool held_back_ = false;
  Roofs roofs_;
  double now_s_ = 0;
  std::shared_ptr<std::size_t> live_bytes_ = std::make_shared<std::size_t>(0);
  std::size_t peak_bytes_ = 0;
  std::vector<CacheState> loops_;
  std::multiset<int> slots_;
};

}  // namespace twofour::testing
