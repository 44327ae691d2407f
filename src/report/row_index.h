// Which rows of several runs count, and what is left out, of rows that are shown one after the
// other and not held: some hundred bytes of each are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "report/row_names.h"

namespace twofour::report {

class RowIndex {
 public:
  /// The next run begins: its source and its environment are there, its rows are not yet.
  void begin(const Run& run);
  /// The next row of the run that began last. `run` is that run.
  void add(const Record& record, const Run& run);
  /// All rows have been shown. `runs` are those that began, with what is known at their end
  /// (attempts, cut); their rows are not looked at.
  void finish(std::span<const Run> runs);

  /// Whether row `row` of run `run`, both counted from 0 in the order in which they were shown, is
  /// not replaced by a later one; false where there is none. After finish().
  [[nodiscard]] bool counts(std::size_t run, std::size_t row) const {
    return run < counted_.size() && row < counted_[run].size() && counted_[run][row].counts;
  }
  /// What tells the case of a row that is there: CountedRow::case_name. After finish().
  [[nodiscard]] std::size_t case_name(std::size_t run, std::size_t row) const {
    return counted_.at(run).at(row).case_name;
  }
  [[nodiscard]] std::size_t runs() const { return counted_.size(); }
  /// How many runs have begun.
  [[nodiscard]] std::size_t begun() const { return notes_.size(); }
  [[nodiscard]] std::size_t rows(std::size_t run) const { return counted_.at(run).size(); }

  /// Doubles, attempts and lines without an end: a sentence each. After finish().
  [[nodiscard]] const std::vector<std::string>& of_files() const { return of_files_; }
  /// report::left_out() of the runs. After finish().
  [[nodiscard]] std::vector<std::string> left_out() const;

 private:
  /// What left_out() tells of a row.
  struct Note {
    std::uint32_t sweep = 0;
    std::uint32_t reason = 0;  ///< its place in reasons_ and one more; 0: it has a result
  };
  /// The rows of one mode, --dtype and --pattern on one device.
  struct NotedSweep {
    std::size_t device = 0;
    std::string title;
    BenchMode mode = BenchMode::kSquare;
    DataType dtype = DataType::kInt8;
    Sparsity pattern = Sparsity::kTwoFour;
  };
  /// What left_out() tells of a sweep: outcomes and reasons in order of appearance, with how many
  /// rows have each.
  struct Tally {
    std::size_t sweep = 0;
    std::size_t rows = 0;
    std::vector<std::pair<std::uint32_t, std::size_t>> reasons;
  };

  std::uint32_t sweep_of(const Record& record, const Run& run);
  [[nodiscard]] std::vector<Tally> tallies() const;

  std::vector<RunNames> names_;
  std::vector<std::vector<Note>> notes_;
  std::vector<std::vector<CountedRow>> counted_;
  std::map<std::string, std::size_t> devices_;
  std::map<std::tuple<std::size_t, BenchMode, DataType, Sparsity>, std::uint32_t> sweep_places_;
  std::vector<NotedSweep> sweeps_;
  std::unordered_map<std::string, std::uint32_t> reason_places_;
  std::vector<std::string> reasons_;
  std::vector<std::string> of_files_;  ///< doubles, attempts and cut lines: a sentence each
};

}  // namespace twofour::report
