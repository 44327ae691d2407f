// What a device could reach, and what it is doing now.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/data_type.h"
#include "core/environment.h"
#include "device/gpu_neighbours.h"

namespace twofour::device {

class Probe {
 public:
  virtual ~Probe() = default;
  /// Measures the ceilings for these operand types; takes about a second.
  virtual Roofs measure_roofs(std::span<const DataType> types) = 0;
  /// From now on roofs are measured in turns with other processes of this program on the host,
  /// which measure too, or taken from one of them that was before.
  virtual void share_host() {}
  /// What clocks() says of throttling and of foreign load is of the time from here on.
  virtual void watch_throttling() {}
  /// What other processes do on the device while this one does nothing, which takes a second at
  /// most.
  [[nodiscard]] virtual ForeignWork foreign_load() const { return {}; }
  [[nodiscard]] virtual ClockSample clocks() const { return {}; }
  /// Whether the device runs below its clocks at this moment, for power or heat. Asked between
  /// samples.
  [[nodiscard]] virtual bool held_back() const { return false; }
  /// Joules that the whole device has taken since some moment, idle power included. The counter
  /// moves in steps of some tens of milliseconds. Nothing where the device does not count.
  [[nodiscard]] virtual std::optional<double> energy_j() const { return std::nullopt; }
  /// What energy_j() counts, where it moves about every millisecond, so that ordinary samples can
  /// be counted; empty: it is slower than that, or there is none.
  [[nodiscard]] virtual std::string fine_energy_source() const { return {}; }
};

}  // namespace twofour::device
