// The search of providers/search.h over launches on a GPU, with its winners in the tuning file.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"
#include "core/record.h"
#include "device/device.h"
#include "providers/choice.h"
#include "providers/provider.h"
#include "providers/tuning.h"

namespace twofour::providers {

/// One algorithm of a library for one problem.
struct LaunchCandidate {
  /// Stable: the tuning file finds the candidate again by it, and Operation::algorithm() shows it.
  std::string name;
  /// Names the kernel, where candidates are one kernel with several launch parameters: those of one
  /// that is far behind are not all timed. Empty, for all or none: each is a kernel of its own.
  std::string kernel = {};
  /// Enqueues one launch that reads that copy of the weights on the device's stream.
  std::function<void(WeightCopy)> launch;
  /// Makes ready what launch() needs, outside of every timing; may be called again. Optional.
  std::function<void(WeightCopy)> ready = nullptr;
};

/// What a search of launches decided.
struct LaunchChoice {
  std::size_t index = 0;
  double seconds = 0;  ///< of one launch; 0 when nothing was timed
};

/// The subject `kernel` on `problem`. `library` is name and version. Relatives have the same
/// `variant` and name the same algorithms alike; which problems have one winner, `shared` says.
SearchSubject search_subject(const device::Device& device, std::string_view library,
                             std::string_view kernel, const GemmProblem& problem,
                             const CacheState& cache, std::string_view variant = "",
                             SharedWinner shared = SharedWinner::kNone);

/// Names of all candidates that choose_launch() would look at, for libraries where describing one
/// takes time: the tuned one, or those that a relative short-listed. Empty: any.
std::vector<std::string> names_to_try(const SearchSubject& subject, SearchMode mode,
                                      TuningFile& file = TuningFile::shared());

/// The candidate to use: that of args.algorithm where one is named; else that of choose_algorithm()
/// within args.budget, in args.cache's state and args.search's mode. A candidate that args.log says
/// to avoid takes no part (without a log, those of the file). A search times first a few launches
/// in a row, each on the next copy of the weights, and its finalists by the device's own timed
/// loop. Throws as search() does, or std::logic_error for a device that is not a GPU.
LaunchChoice choose_launch(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args,
                           const SearchSubject& subject, TuningFile& file = TuningFile::shared());

}  // namespace twofour::providers
