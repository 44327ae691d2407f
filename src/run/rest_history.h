// Whether earlier cases of the run needed rests between samples (docs/measurement.md).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace twofour::run {

/// A device says only after a while that it is held back, and rounds that were taken before are
/// dropped. Where it said so in several cases in a row, the next ones rest from the start. In
/// memory for the life of the process.
class RestHistory {
 public:
  /// So many in a row.
  static constexpr int kCases = 3;

  static RestHistory& shared();

  /// Whether cases of `rows` rows rest from the start on `device`: whether the last kCases that
  /// were asked, all of one number of rows that is not larger, took rests.
  [[nodiscard]] bool expects(const std::string& device, std::int64_t rows) const;
  /// To be called for each case that did not rest from the start: whether it took rests in the end.
  void note(const std::string& device, std::int64_t rows, bool rested);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::int64_t, int>> rested_in_a_row_;  ///< by device and rows
};

}  // namespace twofour::run
