// What two equal kernels differ by on this machine, and which verdicts that makes none.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/record.h"
#include "report/answer.h"

namespace twofour::report {

/// A pair of equal kernels is precise where its interval reaches at most so far from its ratio, as
/// a natural logarithm.
inline constexpr double kPreciseLogRatio = 0.02;

/// Of one regime: the largest |natural logarithm of the ratio| of a kernel and its twin there. Of a
/// pair that is not precise only that counts by which its interval excludes 1: what is chance in it
/// must not pass for what the machine makes of equal kernels.
struct Floor {
  double log_ratio = 0;
  std::size_t pairs = 0;      ///< that tell something; without one the floor is not known
  std::size_t imprecise = 0;  ///< that tell nothing: not precise, and the interval includes 1
  [[nodiscard]] bool known() const { return pairs > 0; }
};

/// One for each of kSizeClasses.
using Floors = std::array<Floor, kSizeClasses.size()>;
Floors floors_of(std::span<const Record> records);

/// Adds what `record` tells, if it is a control with an interval.
void add_control(Floors& floors, const Record& record);

/// The floor of the regime that `record` belongs to; nothing where it is not known.
std::optional<double> floor_for(const Floors& floors, const Record& record);

/// Turns WIN and LOSS of 2:4 rows whose ratio lies within the floor of their regime into
/// INCONCLUSIVE. The rows are those of one device, the twins among them.
void apply_floors(std::vector<Record>& records);

/// What equal kernels differed by in each regime, how many verdicts apply_floors() took away, and
/// where verdicts near 1 stand without a floor; empty where there is nothing of that.
std::string floor_sentence(std::span<const Record> records);

}  // namespace twofour::report
