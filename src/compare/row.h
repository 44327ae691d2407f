// One row of a comparison: what is compared of it, and what comes of that.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "compare/change.h"
#include "compare/comparison.h"
#include "compare/estimate.h"
#include "compare/match.h"
#include "report/floor.h"

namespace twofour::compare {

/// Finds what a measurement stands beside in its run: the record that its speed-up divides, and the
/// controls.
class RunIndex {
 public:
  RunIndex(std::span<const report::Run> before, std::span<const report::Run> after);

  /// The baseline of the same run, case and cache state; null where there is none.
  [[nodiscard]] const Record* baseline_of(const Measurement& measurement) const;
  /// What equal kernels differed by on the same device, in the same run, with the same --dtype and
  /// in the same regime of M, as a natural logarithm; nothing where no control tells.
  [[nodiscard]] std::optional<double> floor_of(const Measurement& measurement) const;

 private:
  using Sweep = std::tuple<const Environment*, DataType, std::string>;  ///< and a device
  void add(std::span<const report::Run> runs);
  static Sweep sweep_of(const Measurement& measurement);
  std::map<std::tuple<const Environment*, int, CacheMode, SharedText>, const Record*> records_;
  std::map<Sweep, report::Floors> floors_;
};

/// What both sides measured of one quantity, a series for each measurement.
struct Sides {
  std::vector<Series> before;
  std::vector<Series> after;
  [[nodiscard]] bool there() const { return !before.empty() && !after.empty(); }
};

struct RowSeries {
  /// Has a word already where that does not follow from a shift.
  Change change;
  std::vector<Contrast> obstacles;
  Sides time;    ///< seconds
  Sides ratio;   ///< of the baseline's time to the 2:4 kernel's, round by round
  Sides energy;  ///< joules under sustained load
  /// What equal kernels differ by, as a natural logarithm: the larger floor of the two sides, over
  /// the root of the fewest measurements of a side. Nothing where no control tells.
  std::optional<double> floor;
};

/// Nothing where neither side has a result.
std::optional<RowSeries> prepare(const Row& row, const RunIndex& index, const Options& options);

struct Estimates {
  std::optional<Difference> time;
  std::optional<Difference> ratio;
  std::optional<Difference> energy;
};

/// What the series of all rows say together.
struct Background {
  double time_correlation = 1;   ///< CommonCorrelation::time() of times
  double ratio_correlation = 1;  ///< and of ratios
  double risk = 0.05;            ///< of one false word, for each of what is compared
};

/// Makes it of rows one by one: the series of all at once would take gigabytes.
class BackgroundOf {
 public:
  void add(const RowSeries& row);
  /// `risk` is that of a false word in all rows together.
  [[nodiscard]] Background background(double risk) const;

 private:
  CommonCorrelation times_;
  CommonCorrelation ratios_;
  std::size_t comparisons_ = 0;
};

Estimates estimate(const RowSeries& row, const Background& background);

/// The row's change with its shifts and its word.
Change conclude(const RowSeries& row, const Estimates& estimates, const Options& options);

}  // namespace twofour::compare
