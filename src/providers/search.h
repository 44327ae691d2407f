// Which of many candidates is the fastest, within a budget of time. Shared by the plan() of
// providers whose library offers several algorithms for one problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/function_ref.h"

namespace twofour::providers {

/// How carefully a candidate is timed: kScreen is quick and may be some percent off, kRefine is
/// timed as the benchmark will time it.
enum class SearchStage : std::uint8_t { kScreen, kRefine };

/// Seconds of one launch of `candidate`. Throws std::exception when the candidate cannot run (it is
/// then out of the race) or device::DeviceLost, which ends the search.
using TimeCandidate = FunctionRef<double(std::size_t candidate, SearchStage stage)>;

struct SearchConfig {
  /// For the whole search. It is exceeded by at most the timing that was under way, and by the
  /// least that a confirmation takes.
  double budget_s = 0;
  /// The clock that the budget is spent by, in seconds.
  FunctionRef<double()> now;
  std::size_t finalists = 6;  ///< candidates that are refined
  /// Most fresh samples of each of the last ones; 2 when all of one are 3 % below the others', 3
  /// when the budget is spent.
  std::size_t confirmations = 9;
};

struct SearchResult {
  std::size_t winner = 0;
  /// Median of the winner's fresh samples: none of them took part in choosing it. Zero when nothing
  /// was timed.
  double seconds = 0;
  /// Whether the last ones were compared on fresh samples.
  bool confirmed = false;
  std::size_t screened = 0;  ///< candidates that were timed at least once
  /// Those that were refined, the best first; the last ones by their fresh samples.
  std::vector<std::size_t> finalists;
  std::vector<std::string> failures;  ///< "candidate 3: reason", for those that could not run
};

/// Screens `count` candidates in their order (the most promising first: those that the budget does
/// not reach are not looked at), refines the best few while halving their number, and lets winner
/// and runner-up, and a third one where it is as close as noise, race once more in turns on fresh
/// samples, because the fastest of many noisy timings is flattered by its noise. Without a budget,
/// or with a single candidate, the first one wins untimed. Throws std::runtime_error with the first
/// reason when no candidate can run, std::invalid_argument when there is none.
SearchResult search(std::size_t count, TimeCandidate time, const SearchConfig& config);

/// steady_clock in seconds, for SearchConfig::now.
double search_clock();

}  // namespace twofour::providers
