// What a run ran on, in words.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"

namespace twofour::report {

/// The command line of a run, quoted for a POSIX shell, without where its files went.
std::string command_line(const Environment& environment);

/// The least and the most of a number that some rows know.
struct Span {
  double low = 0;
  double high = 0;
  std::size_t rows = 0;  ///< that know it

  void add(std::optional<double> value);
};

inline constexpr std::string_view kNoThrottling = "none";
inline constexpr std::string_view kUnreadableThrottling = "not readable";

/// What the rows of a run say together: of half a million nobody holds them twice.
struct RowFacts {
  std::size_t rows = 0;
  std::size_t measured = 0;  ///< that have a time
  std::size_t precise = 0;   ///< of these: with a median's interval of at most 1 % either way
  // Of rows that have a time:
  Span core_mhz;          ///< by the driver
  Span effective_sm_mhz;  ///< by cycles of the SMs over time
  Span memory_mhz;
  Span power_w;
  Span temperature_c;
  /// Rows that know a clock, by the reasons for throttling or one of the above.
  std::map<std::string, std::size_t> throttled;

  void add(const Record& record);
};

/// Sentences: device and host, libraries and build, and what `rows`, those of the run, say. What is
/// not known is left out.
std::vector<std::string> machine_facts(const Environment& environment, const RowFacts& rows);

}  // namespace twofour::report
