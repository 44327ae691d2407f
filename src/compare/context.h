// What differs between what two sets of measurements were taken with: the headline of a comparison,
// and what forbids one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/record.h"

namespace twofour::compare {

/// One record with what it was measured under.
struct Measurement {
  const Environment* environment = nullptr;
  const Record* record = nullptr;
};

/// Something that is not the same on both sides.
struct Contrast {
  std::string what;
  std::string old_value;  ///< several values are separated by ", "; "not known" where there is none
  std::string new_value;
  bool operator==(const Contrast&) const = default;
};

/// Whether both sides should be of one device, or are of two on purpose.
enum class Devices { kSame, kChosen };

/// What makes times incomparable: device, power limit, threads, build type, seed, distribution of
/// the operands, rests between samples, weights that were in cache on one side alone.
std::vector<Contrast> obstacles(std::span<const Measurement> before,
                                std::span<const Measurement> after, Devices devices);

/// What people compare: version, commit, compiler, driver, libraries, system, instruction set,
/// host. With chosen devices also what obstacles() passes over.
std::vector<Contrast> headline(std::span<const Measurement> before,
                               std::span<const Measurement> after, Devices devices);

}  // namespace twofour::compare
