// What rows say of sustained load: how much faster 2:4 is then, and how much less energy it takes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/record.h"
#include "report/grid.h"

namespace twofour::report {

/// The two kernels of a case that were measured under sustained load. Points into the records.
struct LoadedPair {
  const Record* dense = nullptr;
  const Record* sparse = nullptr;
};

/// In order of appearance; without those that have a reason in the place of numbers.
std::vector<LoadedPair> loaded_pairs(std::span<const Record> records);

/// "Under sustained load 2:4 is 1.36x as fast, ... and takes ...": one sentence about all pairs, or
/// several; empty where nothing was measured so.
std::string sustained_sentence(std::span<const Record> records);

/// "By RAPL's counters 2:4 takes 20 % less energy for each call, ...": of the best 2:4 kernel of
/// each case, in ordinary rounds; empty where there are no such joules.
std::string round_energy_sentence(std::span<const Record> records);

/// A row for each pair: ratios rested and sustained, joules, watts, and how much slower the dense
/// kernel is under load. No rows where nothing was measured so.
Grid sustained_table(std::span<const Record> records);

}  // namespace twofour::report
