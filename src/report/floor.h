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

/// Of one regime: the largest |natural logarithm of the ratio| of a kernel and its twin there.
struct Floor {
  double log_ratio = 0;
  std::size_t pairs = 0;
};

/// One for each of kSizeClasses; nothing where no pair was measured.
using Floors = std::array<std::optional<Floor>, kSizeClasses.size()>;
Floors floors_of(std::span<const Record> records);

/// Turns WIN and LOSS of 2:4 rows whose ratio lies within the floor of their regime into
/// INCONCLUSIVE. The rows are those of one device, the twins among them.
void apply_floors(std::vector<Record>& records);

/// What equal kernels differed by in each regime, and how many verdicts apply_floors() took away;
/// empty without a twin.
std::string floor_sentence(std::span<const Record> records);

}  // namespace twofour::report
