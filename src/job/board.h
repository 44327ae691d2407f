// What the ranks of one host tell each other and the process that started them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "job/shared_array.h"

namespace twofour::job {

/// What is known of one rank. Each number is written by the rank, but for `alive`.
struct RankState {
  std::atomic<bool> alive{true};      ///< its process is there; written by the one that started it
  std::atomic<bool> accepted{false};  ///< what it is told fits its device
  std::atomic<bool> started{false};   ///< it has begun to measure
  std::atomic<std::int32_t> current{-1};  ///< the case in hand; -1: none
  std::atomic<std::int32_t> finished{0};  ///< cases
  /// For meetings (job/neighbours.h): the one that it has come to, when that was, the last one
  /// after which it went on, and when. Nanoseconds of the steady clock.
  std::atomic<std::int64_t> place{-1};
  std::atomic<std::int64_t> came_ns{0};
  std::atomic<std::int64_t> begun_place{-1};
  std::atomic<std::int64_t> begun_ns{0};
};
static_assert(std::atomic<bool>::is_always_lock_free &&
              std::atomic<std::int32_t>::is_always_lock_free &&
              std::atomic<std::int64_t>::is_always_lock_free);

/// Made before the ranks are started.
class Board {
 public:
  explicit Board(int ranks) : ranks_(ranks), states_(static_cast<std::size_t>(ranks)) {}

  [[nodiscard]] int ranks() const { return ranks_; }
  [[nodiscard]] RankState& rank(int rank) const { return states_[static_cast<std::size_t>(rank)]; }
  /// Requests to end that ranks are to follow.
  void ask_to_end(int more) const { requests_[0] += more; }
  [[nodiscard]] int asked_to_end() const { return requests_[0]; }

 private:
  int ranks_;
  SharedArray<RankState> states_;
  SharedArray<std::atomic<int>> requests_{1};
};

}  // namespace twofour::job
