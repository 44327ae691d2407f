// The other devices of a host, as the process hears of them that measures one.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "job/board.h"
#include "job/winners.h"
#include "run/companions.h"

namespace twofour::job {

/// What devices that measure the same cases share.
struct Sharing {
  bool winners = false;   ///< one device of each kind searches, and all use what it finds
  bool together = false;  ///< they begin the samples of a case at once
};

/// One device searches: of each kind, the first rank that is alive. Another takes its place where
/// it is lost. Meetings are by the clock: whoever comes writes down when; those that have come
/// begin a little after the last of them came. Who is lost is not waited for.
class Neighbours final : public run::Companions {
 public:
  /// `kinds`: of each rank a number that devices of one kind share. `board` and `winners` live
  /// longer.
  Neighbours(const Board& board, Winners& winners, int rank, std::vector<int> kinds,
             Sharing sharing);

  void begin_case(int case_index, const std::stop_token& stop) override;
  std::string winner(int case_index, const std::string& kernel,
                     const std::stop_token& stop) override;
  void found(int case_index, const std::string& kernel, const std::string& algorithm) override;
  void searched(int case_index) override;
  void meet(int case_index, const std::stop_token& stop) override;
  std::optional<Together> met() override;
  void end() override;

 private:
  [[nodiscard]] bool is_searcher() const;
  [[nodiscard]] bool all_have_come(std::int64_t place) const;
  /// Returns the ranks that begin now, none where `stop` was requested.
  std::vector<int> wait_for_all(std::int64_t place, const std::stop_token& stop);
  /// Adds the last meeting to what met() tells.
  void count_meeting();

  const Board& board_;
  Winners& winners_;
  int rank_;
  std::vector<int> kinds_;
  Sharing sharing_;
  std::int64_t meeting_ = 0;  ///< of the case in hand
  /// The last meeting where it is not counted: its place, and who began.
  std::optional<std::int64_t> place_;
  std::vector<int> began_;
  std::optional<Together> met_;
};

}  // namespace twofour::job
