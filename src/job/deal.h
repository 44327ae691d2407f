// Dealing cases out to ranks of one host, each once, also where ranks are lost.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "job/board.h"
#include "job/shared_array.h"

namespace twofour::job {

/// Groups of cases that go to one rank together. Made before the ranks are started; each member may
/// be called by any of the processes.
class Deal {
 public:
  /// `groups` hold numbers of cases below `cases`, each once.
  Deal(const Board& board, std::vector<std::vector<int>> groups, std::size_t cases);

  /// What of the next group is to be done is `rank`'s from now on. None: all is done, or those that
  /// have the rest are gone. Nothing: others have the rest, and may leave some of it.
  std::optional<std::vector<int>> take(int rank);
  /// `rank` has the rows of a case.
  void done(int rank, int case_index);
  /// The case needs nobody: its rows are there. Where its group is `rank`'s, by that one.
  void needs_nobody(int rank, int case_index);
  /// `rank` is gone: what it had and has not done is free again. Returns how many cases. To be
  /// called before it counts as not alive.
  std::size_t release(int rank);

  /// Who has the rows of a case; nothing: nobody of this deal.
  [[nodiscard]] std::optional<int> done_by(int case_index) const;
  /// Cases that are not done.
  [[nodiscard]] std::size_t left() const;

 private:
  static constexpr std::int32_t kFree = -1;
  static constexpr std::int32_t kOpen = -1;
  static constexpr std::int32_t kBefore = -2;

  [[nodiscard]] std::atomic<std::int32_t>& owner(std::size_t group) const { return owners_[group]; }
  [[nodiscard]] std::atomic<std::int32_t>& state(int case_index) const {
    return states_[static_cast<std::size_t>(case_index)];
  }
  void set(int case_index, std::int32_t value);
  [[nodiscard]] std::vector<int> open_cases(std::size_t group) const;

  const Board& board_;
  std::vector<std::vector<int>> groups_;
  std::vector<std::int32_t> group_of_;              ///< of each case; -1: it is in none
  SharedArray<std::atomic<std::int32_t>> owners_;   ///< of each group: a rank, or kFree
  SharedArray<std::atomic<std::int32_t>> states_;   ///< of each case: a rank, kOpen or kBefore
  SharedArray<std::atomic<std::int64_t>> left_{1};  ///< cases that are kOpen and in a group
  SharedArray<std::atomic<std::int64_t>> releases_{1};
  // Of this process alone: groups before it are taken, as of so many releases.
  std::size_t first_ = 0;
  std::int64_t seen_releases_ = 0;
};

}  // namespace twofour::job
