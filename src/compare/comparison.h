// Two sets of runs -> what changed between them; pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compare/change.h"
#include "compare/context.h"
#include "report/report.h"

namespace twofour::compare {

struct Options {
  double threshold = 0.02;  ///< relative change that counts
  Question on = Question::kTime;
  bool anyway = false;  ///< compares what has obstacles
  Devices devices = Devices::kSame;
};

/// A change of several rows together.
struct Common {
  double change = 1;  ///< NEW over OLD
  Interval interval;  ///< at 95 %
  std::size_t rows = 0;
};

/// Of the clocks beside the measurements: medians over rows.
struct Clocks {
  double change = 1;         ///< NEW over OLD
  double cycles_change = 1;  ///< of time x clock
  std::size_t rows = 0;
};

/// What a side is made of.
struct Side {
  std::vector<std::string> sources;  ///< files
  std::vector<std::string> started;  ///< when each run did
  std::size_t rows = 0;
};

/// Geometric means over rows of one regime of M.
struct RegimeMeans {
  std::string_view regime;  ///< "M <= 64"; "all M"
  std::optional<Common> dense_time;
  std::optional<Common> sparse_time;
  std::optional<Common> ratio;
};

struct Comparison {
  Options options;
  Side before;
  Side after;
  std::vector<Contrast> headline;
  std::vector<Contrast> obstacles;
  std::vector<Change> changes;  ///< what matters most first, and of one word the largest change
  std::size_t in_neither = 0;   ///< rows that neither side measured
  /// Median change of the time over all rows, where there are enough of them.
  std::optional<Common> common_time;
  /// Standard deviation by which rows differ from the common change beyond what their samples
  /// explain, where that is clear; relative.
  std::optional<double> unexplained;
  std::optional<Clocks> clocks;    ///< where any row has them
  std::vector<RegimeMeans> means;  ///< the first is of all M
};

Comparison compare(std::span<const report::Run> before, std::span<const report::Run> after,
                   const Options& options);

/// How many rows have each word, in the order of kWordNames.
std::vector<std::size_t> counts(std::span<const Change> changes);

/// What a comparison says to a script.
enum class Finding : std::uint8_t { kNothingSlower, kSomethingSlower, kNothingComparable };

/// BROKEN and SLOWER are slower, and where `strict` so are UNCLEAR and MISSING.
Finding finding(const Comparison& comparison, bool strict);

}  // namespace twofour::compare
