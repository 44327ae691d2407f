#include "providers/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <stdexcept>

#include "core/median.h"

namespace twofour::providers {
namespace {

// Shares of the budget after which screening and refining end. The rest is for the confirmation.
constexpr double kScreenUntil = 0.5;
constexpr double kRefineUntil = 0.8;
/// A candidate that is slower than the fastest by more than this factor in the screening cannot
/// win.
constexpr double kHopeless = 1.25;
/// Rounds of the confirmation: at least kMinConfirmations, or kClearConfirmations if all timings of
/// one contestant, times kClear, are below all timings of the others.
constexpr std::size_t kMinConfirmations = 3;
constexpr std::size_t kClearConfirmations = 2;
constexpr double kClear = 1.03;
/// Contestants whose times differ by less than this factor are a tie that a few timings cannot
/// decide: the clock of a GPU at its power limit varies by more. So many of them at most stay in
/// the refinement, and in the confirmation.
constexpr double kTie = 1.02;
constexpr std::size_t kMaxRefinedTies = 4;
constexpr std::size_t kMaxConfirmed = 3;

struct Contestant {
  std::size_t index = 0;
  double seconds = std::numeric_limits<double>::infinity();  ///< best estimate so far
  std::vector<double> refined;
};

class Search {
 public:
  Search(std::size_t count, TimeCandidate time, const SearchConfig& config)
      : count_(count), time_(time), config_(config), start_(config.now()) {}

  SearchResult run() {
    screen();
    if (pool_.empty()) {
      throw std::runtime_error(
          fmt::format("no algorithm could run the problem ({})", result_.failures.front()));
    }
    refine();
    confirm();
    return std::move(result_);
  }

 private:
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

  void screen() {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!pool_.empty() && spent(kScreenUntil)) break;
      ++result_.screened;
      Contestant contestant{.index = i};
      if (sample(contestant, SearchStage::kScreen, contestant.seconds)) {
        pool_.push_back(std::move(contestant));
      }
    }
    sort_pool();
    // The faster third is timed a second time, so that one disturbed timing does not exclude the
    // fastest candidate.
    const std::size_t again = std::min(pool_.size(), std::max(2 * config_.finalists, count_ / 3));
    for (std::size_t i = 0; i < again && again > config_.finalists; ++i) {
      if (spent(kScreenUntil)) break;
      double seconds = 0;
      if (sample(pool_[i], SearchStage::kScreen, seconds)) {
        pool_[i].seconds = std::min(pool_[i].seconds, seconds);
      }
    }
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
      if (!pool_.back().refined.empty()) worst_first_.push_back(pool_.back().index);
      pool_.pop_back();
    }
  }

  /// Whether all timings of one contestant are clearly below all timings of the others.
  static bool clear(const std::vector<std::vector<double>>& fresh) {
    double most_of_best = std::numeric_limits<double>::infinity();
    for (const auto& timings : fresh) {
      if (timings.empty()) return false;
      most_of_best = std::min(most_of_best, *std::max_element(timings.begin(), timings.end()));
    }
    const auto beaten = std::count_if(fresh.begin(), fresh.end(), [&](const auto& timings) {
      return *std::min_element(timings.begin(), timings.end()) > kClear * most_of_best;
    });
    return beaten + 1 == static_cast<std::ptrdiff_t>(fresh.size());
  }

  void confirm() {
    drop_to(std::max<std::size_t>(2, ties_with_first(kMaxConfirmed)));
    std::vector<std::vector<double>> fresh(pool_.size());
    for (std::size_t round = 0; round < config_.confirmations; ++round) {
      if (round >= kClearConfirmations && clear(fresh)) break;
      if (round >= kMinConfirmations && spent(1)) break;
      for (std::size_t i = 0; i < pool_.size(); ++i) {
        double seconds = 0;
        if (sample(pool_[i], SearchStage::kRefine, seconds)) fresh[i].push_back(seconds);
      }
    }
    std::size_t best = pool_.size();
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      if (fresh[i].empty()) continue;
      if (best == pool_.size() || median(fresh[i]) < median(fresh[best])) best = i;
    }
    if (best == pool_.size()) {
      throw std::runtime_error(
          fmt::format("no algorithm could run the problem ({})", result_.failures.back()));
    }
    result_.winner = pool_[best].index;
    result_.seconds = median(fresh[best]);
    result_.confirmed = true;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      if (i != best && !fresh[i].empty()) others.push_back(i);
    }
    std::stable_sort(others.begin(), others.end(), [&](std::size_t x, std::size_t y) {
      return median(fresh[x]) > median(fresh[y]);
    });
    for (const std::size_t i : others) worst_first_.push_back(pool_[i].index);
    worst_first_.push_back(result_.winner);
    result_.finalists.assign(worst_first_.rbegin(), worst_first_.rend());
  }

  std::size_t count_;
  TimeCandidate time_;
  const SearchConfig& config_;
  double start_;
  std::vector<Contestant> pool_;
  std::vector<std::size_t> worst_first_;  ///< finalists that are no longer timed
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
