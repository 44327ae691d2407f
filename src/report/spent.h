// Where the wall time of cases went.
#pragma once

#include <span>

#include "core/record.h"

namespace twofour::report {

/// Wall seconds of all cases together, Phases by what they are for.
struct TimeSpent {
  double set_up_s = 0;   ///< operands, reference, packing, algorithm search
  double search_s = 0;   ///< of them, algorithm search
  double verify_s = 0;   ///< comparisons with the reference
  double measure_s = 0;  ///< launches: warm-up and samples
  [[nodiscard]] double total_s() const { return set_up_s + verify_s + measure_s; }
  /// Share of set-up and verification, 0 when nothing was done.
  [[nodiscard]] double overhead() const;
};

/// What kernels share counts once, as does what the cold and the hot row of a kernel share.
TimeSpent time_spent(std::span<const Record> records);

}  // namespace twofour::report
