#include "providers/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include "core/median.h"
#include "providers/turns.h"

namespace twofour::providers {
namespace {

// Shares of the budget after which screening and refining end. The rest is for the confirmation.
constexpr double kScreenUntil = 0.5;
constexpr double kRefineUntil = 0.8;
/// A candidate that is slower than the fastest by more than this factor in the screening cannot
/// win.
constexpr double kHopeless = 1.25;
/// A kernel that is slower than the fastest candidate by more than this factor, with all of its
/// launch parameters that were timed, is not timed with further ones.
constexpr double kGroupHopeless = 1.4;
/// A first timing that is slower than the fastest by more than this factor is not disturbed but
/// slow.
constexpr double kNotDisturbed = 1.5;
/// Another of the neighbour's finalists that is faster than its winner by more than this factor
/// shows that the order has changed.
constexpr double kReordered = 1.05;
/// So many candidates take turns at once: what a few timings say of them is not worth more timings.
constexpr std::size_t kFewCandidates = 3;
/// Contestants whose times differ by less than this factor are a tie that a few timings cannot
/// decide: the clock of a GPU at its power limit varies by more. So many of them at most stay in
/// the refinement, and in the confirmation.
constexpr double kTie = 1.02;
constexpr std::size_t kMaxRefinedTies = 4;
constexpr std::size_t kMaxConfirmed = 3;

struct Contestant {
  std::size_t index = 0;
  double seconds = std::numeric_limits<double>::infinity();  ///< best estimate so far
  bool screened_again = false;
  std::vector<double> refined;
};

class Search {
 public:
  Search(std::size_t count, TimeCandidate time, const SearchConfig& config)
      : count_(count), time_(time), config_(config), start_(config.now()) {}

  SearchResult run() {
    if (config_.leave_early && count_ <= kFewCandidates) {
      for (std::size_t i = 0; i < count_; ++i) pool_.push_back({.index = i});
      result_.screened = count_;
    } else {
      screen();
      if (pool_.empty()) fail(result_.failures.front());
      refine();
      drop_to(std::max<std::size_t>(2, ties_with_first(kMaxConfirmed)));
    }
    confirm();
    return std::move(result_);
  }

 private:
  [[noreturn]] static void fail(const std::string& reason) {
    throw std::runtime_error(fmt::format("no algorithm could run the problem ({})", reason));
  }

  [[nodiscard]] bool spent(double share) const {
    return config_.now() - start_ >= share * config_.budget_s;
  }

  /// False when the candidate cannot run.
  bool sample(Contestant& contestant, SearchStage stage, double& seconds) {
    try {
      seconds = time_(contestant.index, stage);
      return true;
    } catch (const std::exception& error) {
      result_.failures.push_back(fmt::format("candidate {}: {}", contestant.index, error.what()));
      contestant.seconds = std::numeric_limits<double>::infinity();
      return false;
    }
  }

  void sort_pool() {
    std::stable_sort(pool_.begin(), pool_.end(), [](const Contestant& x, const Contestant& y) {
      return x.seconds < y.seconds;
    });
  }

  /// Times candidates begin .. end - 1 once each.
  void screen(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (!pool_.empty() && spent(kScreenUntil)) break;
      if (hopeless_group(i)) continue;
      ++result_.screened;
      Contestant contestant{.index = i};
      if (!sample(contestant, SearchStage::kScreen, contestant.seconds)) continue;
      fastest_ = std::min(fastest_, contestant.seconds);
      note_group(i, contestant.seconds);
      pool_.push_back(std::move(contestant));
    }
  }

  [[nodiscard]] bool hopeless_group(std::size_t index) const {
    if (!config_.leave_early || config_.groups.empty()) return false;
    const auto found = best_of_group_.find(config_.groups[index]);
    return found != best_of_group_.end() && found->second > kGroupHopeless * fastest_;
  }

  void note_group(std::size_t index, double seconds) {
    if (config_.groups.empty()) return;
    const auto [best, added] = best_of_group_.try_emplace(config_.groups[index], seconds);
    best->second = std::min(best->second, seconds);
  }

  /// Times the first `count` of the pool a second time and keeps the faster timing.
  void screen_again(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (spent(kScreenUntil)) break;
      const bool slow = config_.leave_early && pool_[i].seconds > kNotDisturbed * fastest_;
      if (slow || pool_[i].screened_again) continue;
      pool_[i].screened_again = true;
      double seconds = 0;
      if (sample(pool_[i], SearchStage::kScreen, seconds)) {
        pool_[i].seconds = std::min(pool_[i].seconds, seconds);
      }
    }
  }

  void screen() {
    const std::size_t head = std::min(config_.head.count(), count_);
    screen(0, head);
    screen_again(pool_.size());
    if (head > 0 && head_holds()) return shorten_pool();
    result_.widened = head > 0;
    screen(head, count_);
    sort_pool();
    // The faster third is timed a second time, so that one disturbed timing does not exclude the
    // fastest candidate.
    const std::size_t again = std::min(pool_.size(), std::max(2 * config_.finalists, count_ / 3));
    if (again > config_.finalists) screen_again(again);
    shorten_pool();
  }

  /// Whether the neighbour's winner is faster than every probe, and no finalist clearly faster.
  [[nodiscard]] bool head_holds() const {
    const auto seconds_of = [&](std::size_t index) {
      const auto found = std::find_if(pool_.begin(), pool_.end(),
                                      [&](const Contestant& c) { return c.index == index; });
      return found == pool_.end() ? std::numeric_limits<double>::infinity() : found->seconds;
    };
    const double winner_s = seconds_of(0);
    if (!std::isfinite(winner_s) || pool_.size() < 2) return false;
    return std::all_of(pool_.begin(), pool_.end(), [&](const Contestant& c) {
      const bool probe = c.index >= config_.head.shortlisted;
      return c.seconds >= (probe ? winner_s : winner_s / kReordered);
    });
  }

  void shorten_pool() {
    sort_pool();
    if (pool_.size() > config_.finalists) pool_.resize(config_.finalists);
    // At least two go on, because one may fail when it is timed as in the benchmark.
    while (pool_.size() > 2 && pool_.back().seconds > kHopeless * pool_.front().seconds) {
      pool_.pop_back();
    }
  }

  /// Times the pool in rounds. After each round the slower half is dropped, except for ties with
  /// the fastest, until two are left, or a few ties.
  void refine() {
    while (pool_.size() > 1) {
      refine_once();
      if (pool_.size() <= 2 || spent(kRefineUntil)) break;
      const std::size_t half = std::max<std::size_t>(2, (pool_.size() + 1) / 2);
      const std::size_t left = std::max(half, ties_with_first(kMaxRefinedTies));
      if (left == pool_.size()) break;
      drop_to(left);
    }
  }

  void refine_once() {
    for (Contestant& contestant : pool_) {
      if (spent(kRefineUntil)) break;
      double seconds = 0;
      if (!sample(contestant, SearchStage::kRefine, seconds)) continue;
      contestant.refined.push_back(seconds);
    }
    // Screening and refining measure differently, so contestants that were refined are ordered by
    // their refined timings alone, before the others.
    for (Contestant& contestant : pool_) {
      if (!contestant.refined.empty()) contestant.seconds = median(contestant.refined);
    }
    const auto others = std::stable_partition(
        pool_.begin(), pool_.end(), [](const Contestant& c) { return !c.refined.empty(); });
    std::stable_sort(pool_.begin(), others, [](const Contestant& x, const Contestant& y) {
      return x.seconds < y.seconds;
    });
  }

  /// How many of the pool tie with its first one, itself included, at most `max`.
  [[nodiscard]] std::size_t ties_with_first(std::size_t max) const {
    std::size_t count = 1;
    while (count < std::min(max, pool_.size()) && !pool_[count].refined.empty() &&
           pool_[count].seconds <= kTie * pool_.front().seconds) {
      ++count;
    }
    return count;
  }

  /// Keeps the first `count` of the pool; the others keep their place among the finalists and are
  /// not timed again.
  void drop_to(std::size_t count) {
    while (pool_.size() > count) {
      if (!pool_.back().refined.empty()) worst_first_.push_back(pool_.back());
      pool_.pop_back();
    }
  }

  void confirm() {
    const auto time = [&](std::size_t place) -> std::optional<double> {
      double seconds = 0;
      if (!sample(pool_[place], SearchStage::kRefine, seconds)) return std::nullopt;
      return seconds;
    };
    const auto no_time = [&] { return spent(1); };
    const TurnsResult turns = take_turns(pool_.size(), time,
                                         {.most_rounds = config_.confirmations,
                                          .leave_early = config_.leave_early,
                                          .spent = no_time});
    if (turns.order.empty()) fail(result_.failures.front());
    result_.winner = pool_[turns.order.front()].index;
    result_.seconds = median(turns.seconds[turns.order.front()]);
    result_.confirmed = true;
    const auto add = [&](std::size_t index, double seconds) {
      result_.finalists.push_back(index);
      result_.finalist_seconds.push_back(seconds);
    };
    for (const std::size_t place : turns.order) {
      add(pool_[place].index, median(turns.seconds[place]));
    }
    for (auto left = worst_first_.rbegin(); left != worst_first_.rend(); ++left) {
      add(left->index, left->seconds);
    }
  }

  std::size_t count_;
  TimeCandidate time_;
  const SearchConfig& config_;
  double start_;
  double fastest_ = std::numeric_limits<double>::infinity();  ///< of the screening
  std::map<std::size_t, double> best_of_group_;               ///< likewise
  std::vector<Contestant> pool_;
  std::vector<Contestant> worst_first_;  ///< finalists that are no longer timed
  SearchResult result_;
};

}  // namespace

SearchResult search(std::size_t count, TimeCandidate time, const SearchConfig& config) {
  if (count == 0) throw std::invalid_argument("no algorithm offers itself for this problem");
  if (count == 1 || config.budget_s <= 0) return {};
  return Search(count, time, config).run();
}

double search_clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace twofour::providers
