// Finds the fastest of many candidate kernels by timing them, within a budget of time. Used by the
// providers whose library offers several algorithms for one problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/function_ref.h"

namespace twofour::providers {

/// How carefully a candidate is timed: kScreen is quick and may be some percent off, kRefine times
/// as the benchmark itself will.
enum class SearchStage : std::uint8_t { kScreen, kRefine };

/// Times `candidate` and returns the seconds of one launch. Throws a std::exception if the
/// candidate cannot run, which takes it out of the search. Anything else that it throws ends the
/// search.
using TimeCandidate = FunctionRef<double(std::size_t candidate, SearchStage stage)>;

/// The candidates that come first because of what the search of a neighbour found.
struct SearchHead {
  std::size_t shortlisted = 0;  ///< the neighbour's finalists, its winner first
  std::size_t probes = 0;       ///< others, which would be faster if the neighbour misled
  [[nodiscard]] std::size_t count() const { return shortlisted + probes; }
};

struct SearchConfig {
  /// Seconds for the whole search. It can be exceeded by the timing in progress when it ends, and
  /// by the smallest number of confirmation rounds.
  double budget_s = 0;
  /// The clock that the budget is measured with, in seconds.
  FunctionRef<double()> now;
  std::size_t finalists = 6;  ///< candidates that go from screening to refining
  /// Most rounds of the confirmation, in each of which each contestant is timed once.
  std::size_t confirmations = 9;
  /// The neighbour's finalists and probes, as candidates 0 .. head.count() - 1. Where its winner is
  /// faster than every probe, and at most 5 % behind another of its finalists, each timed twice,
  /// the other candidates are not timed at all.
  SearchHead head = {};
  /// Of each candidate: those with one number are one kernel with other launch parameters, which
  /// are not tried where the kernel is far behind. Empty: each is a kernel of its own.
  std::span<const std::size_t> groups = {};
  /// Whether what is clearly slower leaves after few timings. Without, every candidate that the
  /// budget reaches is screened, and all rounds of the confirmation take place.
  bool leave_early = true;
};

struct SearchResult {
  std::size_t winner = 0;
  /// Median of the winner's timings in the confirmation, which are independent of those by which it
  /// got there. Zero if nothing was timed.
  double seconds = 0;
  /// Whether the winner was chosen by a confirmation.
  bool confirmed = false;
  std::size_t screened = 0;  ///< candidates that were timed at least once
  bool widened = false;      ///< there was a head, and it did not hold
  /// Candidates that were refined, the fastest first; those of the confirmation come first, in the
  /// order of their timings in it.
  std::vector<std::size_t> finalists;
  std::vector<double> finalist_seconds;  ///< of each of them, the median of its last timings
  std::vector<std::string> failures;     ///< "candidate 3: reason", for those that could not run
};

/// Searches candidates 0 .. count - 1 in three stages:
///   screen    times each one once, in order, for half of the budget at most. Order them with the
///             most promising first: those that the budget does not reach are not timed.
///   refine    times the fastest few repeatedly, and drops the slower half after each round.
///   confirm   times the fastest two, or three if the third is within the noise, in turns once more
///             (turns.h), and chooses by these timings alone: the minimum of many noisy timings is
///             biased, so the timings that selected a candidate do not tell how fast it is.
/// Three candidates or fewer are confirmed at once.
/// Without a budget or with a single candidate, candidate 0 is the winner and nothing is timed.
/// Throws std::invalid_argument if `count` is 0, std::runtime_error with the first reason if no
/// candidate can run.
SearchResult search(std::size_t count, TimeCandidate time, const SearchConfig& config);

/// steady_clock in seconds, for SearchConfig::now.
double search_clock();

}  // namespace twofour::providers
