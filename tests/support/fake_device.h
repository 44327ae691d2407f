// A device of kind "cpu" whose time and memory are what the test says.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "device/device.h"

namespace twofour::testing {

/// Host memory, and a clock that only launches move: an operation under test calls spend().
class FakeDevice final : public device::Device {
 public:
  FakeDevice();

  /// Lets `seconds` pass.
  void spend(double seconds) { state_->now_s += seconds; }
  [[nodiscard]] double now_s() const { return state_->now_s; }

  void set_free_bytes(std::optional<std::size_t> bytes) { state_->memory.free_bytes = bytes; }
  void set_last_level_cache_bytes(std::optional<std::size_t> bytes) {
    mutable_info().last_level_cache_bytes = bytes;
  }
  void set_read_roof(double bytes_per_s) { state_->roofs.read_bytes_per_s = bytes_per_s; }
  void set_can_flush(bool can_flush) { state_->can_flush = can_flush; }
  /// From now on the device takes `watts` while launches run, and counts them.
  void set_watts(double watts) { state_->watts = watts; }
  /// And that its counter is fine enough for ordinary samples.
  void set_fine_energy_source(std::string source) { state_->fine_energy = std::move(source); }
  void set_held_back(bool held_back) { state_->held_back = held_back; }
  /// From now on samples tell this clock, where they are asked for one.
  void set_effective_mhz(std::optional<double> mhz) { state_->effective_mhz = mhz; }
  void set_clocks(ClockSample clocks) { state_->clocks = std::move(clocks); }
  /// Asking for the state of the memory throws std::bad_alloc from now on.
  void run_out_of_memory() { state_->out_of_memory = true; }

  /// Bytes allocated and not freed.
  [[nodiscard]] std::size_t live_bytes() const { return state_->live_bytes; }
  /// The most that was ever allocated at once.
  [[nodiscard]] std::size_t peak_bytes() const { return state_->peak_bytes; }
  /// The cache states of all loops made, in order.
  [[nodiscard]] const std::vector<CacheState>& loops() const { return state_->loops; }
  /// The slots launched since the first loop was made.
  [[nodiscard]] const std::multiset<int>& slots() const { return state_->slots; }

  /// What the parts of the device share with the test.
  struct State {
    device::MemoryStatus memory;
    bool can_flush = false;
    bool held_back = false;
    std::optional<double> watts;
    std::string fine_energy;
    std::optional<double> effective_mhz;
    bool out_of_memory = false;
    ClockSample clocks;
    Roofs roofs;
    double now_s = 0;
    std::size_t live_bytes = 0;
    std::size_t peak_bytes = 0;
    std::vector<CacheState> loops;
    std::multiset<int> slots;
  };

 private:
  explicit FakeDevice(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

/// For what must be made for some CPU, whichever; lives as long as the program.
const device::Device& any_cpu();

}  // namespace twofour::testing
