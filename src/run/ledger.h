// What stands in the result file of a run, as values: what is done, and what must be avoided.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/ended_attempt.h"
#include "core/environment.h"
#include "core/record.h"
#include "run/selection.h"

namespace twofour::run {

/// A search for one row that ended its process so often is given up: something else is wrong, and
/// each time costs a process.
inline constexpr std::size_t kMostTries = 3;

class Ledger {
 public:
  /// Of what comes next. A run that went on elsewhere has several, and the rows after each are its
  /// own.
  [[nodiscard]] const std::optional<Environment>& environment() const { return environment_; }
  /// Of all parts, in their order: a job of several ranks has one for each.
  [[nodiscard]] std::span<const Environment> environments() const { return environments_; }
  void begin_part(Environment environment);
  /// Rows that belong to environment().
  [[nodiscard]] std::span<const Record> records_of_part() const {
    return std::span(records_).subspan(part_begin_);
  }

  /// False, and nothing is added, where the row is there: a case, a kernel and a cache mode have
  /// one.
  bool add(Record record);
  void add(EndedAttempt attempt);

  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  [[nodiscard]] const std::vector<EndedAttempt>& attempts() const { return attempts_; }
  [[nodiscard]] std::vector<Record> rows_of_case(int case_index) const;

  /// Whether `kernel` has all its rows in a case: one for each of `caches`, or one that says why
  /// there is no result.
  [[nodiscard]] bool done(int case_index, const std::string& kernel,
                          std::span<const CacheMode> caches) const;
  /// Whether the case has any row.
  [[nodiscard]] bool touched(int case_index) const;
  /// The algorithms that a search for this row must not try, in the order in which they ended a
  /// process.
  [[nodiscard]] std::vector<std::string> avoid(int case_index, std::string_view kernel) const;
  /// Those of `kernels` that are not done in a case, with what their searches must avoid.
  [[nodiscard]] std::vector<SelectedKernel> kernels_left(int case_index,
                                                         std::span<const SelectedKernel> kernels,
                                                         std::span<const CacheMode> caches) const;

 private:
  std::optional<Environment> environment_;
  std::vector<Environment> environments_;
  std::size_t part_begin_ = 0;
  std::vector<Record> records_;
  std::vector<EndedAttempt> attempts_;
  std::set<std::tuple<int, SharedText, CacheMode>> rows_;
  std::set<std::pair<int, SharedText>> without_result_;
  // So that what is asked of one case costs the same however many there are.
  std::map<int, std::vector<std::size_t>> places_;  ///< in records_, of each case
  std::map<int, std::vector<std::size_t>> attempt_places_;
};

}  // namespace twofour::run
