#include "providers/tuned_choice.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include "core/median.h"

namespace twofour::providers {
namespace {

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::optional<std::size_t> place_of(const std::string& name, std::span<const std::string> names,
                                    std::span<const std::string> avoid) {
  if (std::find(avoid.begin(), avoid.end(), name) != avoid.end()) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

/// Medians of both, timed in turns; nothing for one that cannot run.
std::array<std::optional<double>, 2> race(const std::array<std::size_t, 2>& places,
                                          FunctionRef<double(std::size_t)> time) {
  std::array<std::vector<double>, 2> times;
  std::array<bool, 2> failed{};
  for (int round = 0; round < kRaceRounds; ++round) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (failed[i]) continue;
      try {
        times[i].push_back(time(places[i]));
      } catch (const std::exception&) {
        failed[i] = true;
      }
    }
  }
  std::array<std::optional<double>, 2> medians;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!failed[i]) medians[i] = median(times[i]);
  }
  return medians;
}

}  // namespace

std::optional<TunedChoice> choose_tuned(const TuningKey& key, std::span<const std::string> names,
                                        std::span<const std::string> avoid,
                                        FunctionRef<double(std::size_t)> time, TuningFile& file) {
  const std::optional<TunedAlgorithm> tuned = file.find(key);
  if (!tuned) return std::nullopt;
  const std::optional<std::size_t> winner = place_of(tuned->algorithm, names, avoid);
  if (!winner) return std::nullopt;
  TunedChoice choice{
      .index = *winner,
      .seconds = tuned->seconds,
      .tuning = {
          .origin = TuningOrigin::kFile, .found_utc = tuned->found_utc, .seconds = tuned->seconds}};
  const std::optional<std::size_t> second = place_of(tuned->runner_up, names, avoid);
  if (!second || *second == *winner) return choice;
  const auto [first_s, second_s] = race({*winner, *second}, time);
  if (!first_s && !second_s) return std::nullopt;
  choice.tuning.raced = tuned->runner_up;
  if (first_s && (!second_s || *first_s <= *second_s)) {
    choice.seconds = *first_s;
    return choice;
  }
  choice.index = *second;
  choice.seconds = *second_s;
  choice.tuning = {.origin = TuningOrigin::kRace,
                   .found_utc = now_utc(),
                   .seconds = *second_s,
                   .raced = tuned->algorithm};
  file.keep(key, {.algorithm = tuned->runner_up,
                  .seconds = *second_s,
                  .runner_up = tuned->algorithm,
                  .found_utc = choice.tuning.found_utc});
  return choice;
}

std::optional<Tuning> keep_winner(const TuningKey& key, std::span<const std::string> names,
                                  const SearchResult& found, TuningFile& file) {
  if (!found.confirmed) return std::nullopt;
  Tuning tuning{
      .origin = TuningOrigin::kSearched, .found_utc = now_utc(), .seconds = found.seconds};
  // The first finalist is the winner itself.
  if (found.finalists.size() > 1) tuning.raced = names[found.finalists[1]];
  file.keep(key, {.algorithm = names[found.winner],
                  .seconds = found.seconds,
                  .runner_up = tuning.raced,
                  .found_utc = tuning.found_utc});
  return tuning;
}

}  // namespace twofour::providers
