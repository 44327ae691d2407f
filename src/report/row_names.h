// What tells the rows of several runs apart, and which of them count, without the rows themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "report/report.h"

namespace twofour::report {

/// Hashes of 64 bits: of a million rows two are taken for one with a chance of 3e-8, and as texts
/// they would take as much memory as the rows.
struct RowName {
  std::size_t problem = 0;  ///< what is measured, whatever measures it
  int case_index = 0;       ///< of its file
  std::size_t kernel = 0;   ///< device, types, provider, kernel and state of the cache
};

RowName row_name(const Record& record, const Run& run);

struct RunNames {
  std::string source;
  std::int64_t started_unix_s = 0;
  std::vector<RowName> rows;  ///< in the order of the file
};

struct CountedRow {
  bool counts = true;  ///< no later run has the row again
  /// Tells its case: the problem, and which of those it is where a sweep has it several times. The
  /// first of one file is the same as the first of another, the second as the second.
  std::size_t case_name = 0;
};

/// For each run, for each of its rows. Of equal rows the one from the run that started later
/// counts, and of one run the later one. `doubles`: how many do not count.
std::vector<std::vector<CountedRow>> counted_rows(std::span<const RunNames> runs,
                                                  std::size_t& doubles);

/// A UUID tells a device; without one, its name, its place and what is known of its machine do.
std::string device_key(const DeviceId& id, const Environment& environment);

/// "NVIDIA H200, GPU-8c5f...", "AMD EPYC 9R14, avx512, 8 threads".
std::string device_title(const DeviceId& id, const Environment& environment);

/// Adds a sentence where rows were measured again.
void tell_doubles(std::size_t doubles, std::vector<std::string>& told);
/// Adds a sentence for each file whose last line has no end, and one for attempts.
void tell_of_files(std::span<const Run> runs, std::vector<std::string>& told);

/// The number that continues `seed` by `value`.
constexpr std::size_t hash_on(std::size_t seed, std::size_t value) {
  // The finaliser of splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
  // Generators, OOPSLA 2014).
  std::uint64_t mixed = seed + 0x9e3779b97f4a7c15U + value * 0xff51afd7ed558ccdU;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace twofour::report
