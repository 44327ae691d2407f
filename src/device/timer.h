// Times launches on a device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/record.h"
#include "device/memory.h"

namespace twofour::device {

/// Time of one call of TimedLoop::run, in seconds for all its launches together.
struct Elapsed {
  double device_s = 0;
  double host_s = 0;
  /// What the clock of a GPU's multiprocessors was meanwhile, by their cycles (device/sm_clock.h);
  /// nothing: not measured.
  std::optional<double> effective_mhz = std::nullopt;
};

/// What to time: `launch(slot)` reads the weights of copy `slot`, 0 <= slot < cache.copies.
struct LoopSpec {
  std::function<void(int slot)> launch;
  CacheState cache;
  /// The weights of copy 0; read by the flush method only.
  std::vector<MemoryRange> weights;
  /// About how long quantum() launches should take, where a device lays launches together; 0: as
  /// long as a sample.
  double quantum_s = 0;
  /// Whether Elapsed::effective_mhz is wanted, where a device can tell it.
  bool effective_clock = false;
};

/// Times consecutive launches of one operation in one cache state. Rotation goes on where the last
/// call stopped, so every copy is touched.
class TimedLoop {
 public:
  virtual ~TimedLoop() = default;
  /// Runs `launches` launches, a multiple of quantum(), and waits for them.
  virtual Elapsed run(std::int64_t launches) = 0;
  /// Launches come in multiples of this: 1 on a CPU, the length of the graph on a GPU.
  [[nodiscard]] virtual std::int64_t quantum() const { return 1; }
  /// Whether quantum() launches ran when the loop was made, so that the first run() is no slower
  /// than the next.
  [[nodiscard]] virtual bool warmed_up() const { return false; }
};

class Timer {
 public:
  virtual ~Timer() = default;
  /// Smallest time difference that it resolves, in seconds.
  [[nodiscard]] virtual double resolution_s() const = 0;
  /// Whether cache lines can be flushed before a launch (CacheMethod::kFlush).
  [[nodiscard]] virtual bool can_flush() const { return false; }
  /// Throws std::runtime_error when the launches cannot be timed.
  virtual std::unique_ptr<TimedLoop> timed_loop(LoopSpec spec) = 0;
};

}  // namespace twofour::device
