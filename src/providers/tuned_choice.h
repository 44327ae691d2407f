// The winner that the tuning file knows, once it has beaten its runner-up again.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "core/function_ref.h"
#include "core/record.h"
#include "providers/search.h"
#include "providers/tuning.h"

namespace twofour::providers {

struct TunedChoice {
  std::size_t index = 0;  ///< among the names
  double seconds = 0;     ///< of one launch: now where it was raced, else when it was found
  Tuning tuning;
};

/// The candidate of `names` that the file has under `key`, but for those of `avoid`; nothing where
/// there is none, or where it cannot run any more. A winner was found at one time, perhaps on a
/// busy machine: it takes turns (turns.h) with its runner-up, at most kRaceRounds, timed by `time`
/// (seconds of one launch), and where that is faster it is taken and the file keeps it. What this
/// process has searched or raced already is settled, and nothing is timed.
/// Exceptions of `time` that are no std::exception pass through.
inline constexpr int kRaceRounds = 5;
std::optional<TunedChoice> choose_tuned(const TuningKey& key, std::span<const std::string> names,
                                        std::span<const std::string> avoid,
                                        FunctionRef<double(std::size_t)> time, TuningFile& file);

/// Keeps the winner of a search among `names`, with its runner-up and the time of day, and tells
/// where it came from. Without a confirmation nothing is kept and nothing is told.
std::optional<Tuning> keep_winner(const TuningKey& key, std::span<const std::string> names,
                                  const SearchResult& found, TuningFile& file);

}  // namespace twofour::providers
