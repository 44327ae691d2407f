#include "providers/turns.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

#include "core/median.h"

namespace twofour::providers {
namespace {

struct Rule {
  std::size_t rounds;
  double slower;  ///< than the leader, in every round
};
constexpr Rule kLeave[] = {{2, 1.05}, {3, 1.01}, {5, 1.0}};
constexpr std::size_t kLeastRounds = 3;
constexpr std::size_t kTieRounds = 4;
constexpr double kTie = 1.003;
/// Ratios further apart than this were disturbed, and their median may be.
constexpr double kTieSpread = 1.03;

class Turns {
 public:
  Turns(std::size_t count, TimeTurn time, const TurnsConfig& config)
      : time_(time), config_(config), left_(count) {
    std::iota(left_.begin(), left_.end(), std::size_t{0});
    result_.seconds.resize(count);
  }

  TurnsResult run() {
    while (result_.rounds < config_.most_rounds && !left_.empty()) {
      round();
      sort();
      if (config_.leave_early) {
        let_leave();
        if (left_.size() <= 1 && result_.rounds >= kLeave[0].rounds) break;
        if (tied()) break;
      }
      if (result_.rounds >= kLeastRounds && config_.spent()) break;
    }
    result_.order = left_;
    result_.order.insert(result_.order.end(), out_.rbegin(), out_.rend());
    return std::move(result_);
  }

 private:
  void round() {
    ++result_.rounds;
    std::sort(left_.begin(), left_.end());
    std::erase_if(left_, [&](std::size_t contestant) {
      const std::optional<double> seconds = time_(contestant);
      if (seconds) result_.seconds[contestant].push_back(*seconds);
      return !seconds;
    });
  }

  void sort() {
    // In the order of the contestants where medians are the same, whoever led before.
    std::sort(left_.begin(), left_.end());
    std::stable_sort(left_.begin(), left_.end(), [&](std::size_t x, std::size_t y) {
      return median(result_.seconds[x]) < median(result_.seconds[y]);
    });
  }

  /// Of a contestant over the leader, round by round. All that are left were timed in every round.
  [[nodiscard]] std::vector<double> ratios(std::size_t contestant) const {
    const std::vector<double>& own = result_.seconds[contestant];
    const std::vector<double>& leader = result_.seconds[left_.front()];
    std::vector<double> ratios(own.size());
    std::transform(own.begin(), own.end(), leader.begin(), ratios.begin(), std::divides<>());
    return ratios;
  }

  void let_leave() {
    std::vector<std::size_t> stay;
    std::vector<std::size_t> leave;
    for (const std::size_t contestant : left_) {
      const std::vector<double> over_leader = ratios(contestant);
      const double least = *std::min_element(over_leader.begin(), over_leader.end());
      const bool slower = std::any_of(std::begin(kLeave), std::end(kLeave), [&](const Rule& rule) {
        return result_.rounds >= rule.rounds && least > rule.slower;
      });
      (slower ? leave : stay).push_back(contestant);
    }
    left_ = std::move(stay);
    out_.insert(out_.end(), leave.rbegin(), leave.rend());
  }

  [[nodiscard]] bool tied() const {
    return result_.rounds >= kTieRounds &&
           std::all_of(left_.begin(), left_.end(), [&](std::size_t one) {
             const std::vector<double> over_leader = ratios(one);
             const auto [least, most] = std::minmax_element(over_leader.begin(), over_leader.end());
             return *most <= kTieSpread * *least && median(over_leader) <= kTie;
           });
  }

  TimeTurn time_;
  const TurnsConfig& config_;
  std::vector<std::size_t> left_;  ///< the leader first
  std::vector<std::size_t> out_;   ///< left early, the slowest of a round first
  TurnsResult result_;
};

}  // namespace

TurnsResult take_turns(std::size_t count, TimeTurn time, const TurnsConfig& config) {
  return Turns(count, time, config).run();
}

}  // namespace twofour::providers
