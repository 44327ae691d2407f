#include "providers/tuned_choice.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>
#include <vector>

#include "core/median.h"
#include "providers/shortlist.h"
#include "providers/turns.h"

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

/// The faster of both by the median of their turns, and that median; nothing where neither can run.
std::optional<std::pair<std::size_t, double>> race(const std::array<std::size_t, 2>& places,
                                                   FunctionRef<double(std::size_t)> time) {
  const auto turn = [&](std::size_t i) -> std::optional<double> {
    try {
      return time(places[i]);
    } catch (const std::exception&) {
      return std::nullopt;
    }
  };
  const auto never = [] { return false; };
  const TurnsResult turns =
      take_turns(places.size(), turn, {.most_rounds = kRaceRounds, .spent = never});
  if (turns.order.empty()) return std::nullopt;
  return std::pair(turns.order.front(), median(turns.seconds[turns.order.front()]));
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
  if (const auto origin = file.settled(key)) {
    choice.tuning.origin = *origin;
    choice.tuning.raced = tuned->runner_up;
    choice.tuning.extent = SearchExtent{.among = SearchedAmong::kEqual,
                                        .candidates = std::ssize(without(avoid, names))};
    return choice;
  }
  const auto faster = race({*winner, *second}, time);
  if (!faster) return std::nullopt;
  choice.tuning.raced = tuned->runner_up;
  if (faster->first == 0) {
    choice.seconds = faster->second;
    file.settle(key, tuned->algorithm, TuningOrigin::kFile);
    return choice;
  }
  choice.index = *second;
  choice.seconds = faster->second;
  choice.tuning = {.origin = TuningOrigin::kRace,
                   .found_utc = now_utc(),
                   .seconds = faster->second,
                   .raced = tuned->algorithm};
  file.keep(key, {.algorithm = tuned->runner_up,
                  .seconds = faster->second,
                  .runner_up = tuned->algorithm,
                  .found_utc = choice.tuning.found_utc});
  file.settle(key, tuned->runner_up, TuningOrigin::kRace);
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
  file.settle(key, names[found.winner], TuningOrigin::kSearched);
  return tuning;
}

}  // namespace twofour::providers
