// What a device could reach, and what it is doing now.
#pragma once

#include <span>

#include "core/data_type.h"
#include "core/environment.h"

namespace twofour::device {

class Probe {
 public:
  virtual ~Probe() = default;
  /// Measures the ceilings for these operand types; takes about a second.
  virtual Roofs measure_roofs(std::span<const DataType> types) = 0;
  /// What clocks() says of throttling is of the time from here on.
  virtual void watch_throttling() {}
  [[nodiscard]] virtual ClockSample clocks() const { return {}; }
  /// Whether the device runs below its clocks at this moment, for power or heat. Asked between
  /// samples.
  [[nodiscard]] virtual bool held_back() const { return false; }
};

}  // namespace twofour::device
