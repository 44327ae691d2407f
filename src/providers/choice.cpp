#include "providers/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "core/median.h"
#include "providers/tuned_choice.h"
#include "providers/turns.h"

namespace twofour::providers {
namespace {

/// An exhaustive search must not end because time is up.
constexpr double kExhaustiveBudget = 10;
constexpr std::size_t kExhaustiveFinalists = 12;

/// A finalist further behind the winner than this is not made up for by another epilogue: a bias
/// costs CUTLASS's kernels 7.5 % at most (docs/results-h200.md).
constexpr double kClose = 1.1;

/// How many finalists, the fastest first, a relative should time: at least two, where there are.
std::size_t close_ones(std::span<const double> seconds) {
  const auto far = std::find_if(seconds.begin(), seconds.end(),
                                [&](double one) { return one > kClose * seconds.front(); });
  const auto close = static_cast<std::size_t>(far - seconds.begin());
  return std::min(seconds.size(), std::max<std::size_t>(close, 2));
}

/// Candidates in the order in which a search looks at them, and what it knows of them.
struct Field {
  std::vector<std::size_t> entered;  ///< places in ChoiceTask::names
  std::vector<std::size_t> groups;   ///< of `entered`; or empty
  SearchHead head;
  SearchExtent extent;
};

class Choosing {
 public:
  Choosing(const ChoiceTask& task, SearchMemory memory)
      : task_(task), memory_(memory), usable_(without(task.avoid, task.names)) {}

  AlgorithmChoice run() {
    if (const auto tuned = from_file()) {
      AlgorithmChoice choice{tuned->index, tuned->seconds, tuned->tuning};
      remember(choice);
      if (task_.mode == SearchMode::kBoth) compare(choice);
      return choice;
    }
    AlgorithmChoice choice;
    if (auto alike = from_alike()) {
      choice = std::move(*alike);
    } else {
      choice = search_field(task_.mode == SearchMode::kExhaustive ? all_candidates() : field(),
                            task_.mode);
      remember(choice);
    }
    if (task_.mode == SearchMode::kBoth) compare(choice);
    return choice;
  }

 private:
  /// The winner of a problem that has the same one. A launch shows that it runs here.
  std::optional<AlgorithmChoice> from_alike() {
    if (task_.budget_s <= 0 || task_.mode == SearchMode::kExhaustive) return std::nullopt;
    const std::optional<Winner> winner = memory_.winners.find(task_.subject.alike);
    if (!winner) return std::nullopt;
    const auto place = std::find_if(usable_.begin(), usable_.end(), [&](std::size_t i) {
      return task_.names[i] == winner->algorithm;
    });
    if (place == usable_.end()) return std::nullopt;
    AlgorithmChoice choice{*place, 0, Tuning{.origin = TuningOrigin::kSearched}};
    try {
      choice.seconds = task_.time(*place, SearchStage::kScreen);
    } catch (const std::exception&) {
      return std::nullopt;
    }
    choice.tuning->found_utc = winner->found_utc;
    choice.tuning->seconds = winner->seconds;
    choice.tuning->extent =
        SearchExtent{.among = SearchedAmong::kAlike, .candidates = std::ssize(usable_), .timed = 1};
    return choice;
  }

  /// For problems that are alike. What an exhaustive search finds is for its own row alone.
  void remember(const AlgorithmChoice& choice) {
    if (task_.subject.alike.empty() || task_.mode == SearchMode::kExhaustive || !choice.tuning) {
      return;
    }
    memory_.winners.keep(task_.subject.alike, {.algorithm = task_.names[choice.index],
                                               .seconds = choice.tuning->seconds,
                                               .found_utc = choice.tuning->found_utc});
  }

  /// In a comparison of searches only what this run has found, as it is then a search's.
  std::optional<TunedChoice> from_file() {
    const bool asked = task_.mode == SearchMode::kShortlists ||
                       (task_.mode == SearchMode::kBoth &&
                        memory_.file.settled(task_.subject.key) == TuningOrigin::kSearched);
    if (task_.budget_s <= 0 || !asked) return std::nullopt;
    const auto time = [&](std::size_t index) { return task_.time(index, SearchStage::kRefine); };
    return choose_tuned(task_.subject.key, task_.names, task_.avoid, time, memory_.file);
  }

  [[nodiscard]] std::vector<std::string> usable_names() const {
    std::vector<std::string> names;
    for (const std::size_t place : usable_) names.push_back(task_.names[place]);
    return names;
  }

  [[nodiscard]] Field all_candidates() const {
    Field field;
    field.entered = usable_;
    field.groups = groups_of(usable_);
    field.extent.candidates = std::ssize(usable_);
    return field;
  }

  [[nodiscard]] std::vector<std::size_t> groups_of(const std::vector<std::size_t>& places) const {
    std::vector<std::size_t> groups;
    std::map<std::string, std::size_t> numbers;
    if (task_.groups.empty()) return groups;
    for (const std::size_t place : places) {
      groups.push_back(numbers.try_emplace(task_.groups[place], numbers.size()).first->second);
    }
    return groups;
  }

  /// By what a relative or a neighbour found, if there is one.
  [[nodiscard]] Field field() const {
    Field field = all_candidates();
    const std::vector<std::string> names = usable_names();
    std::vector<std::size_t> order;
    if (const auto shortlist = memory_.shortlists.find(task_.subject.family); !shortlist.empty()) {
      order = contestants(names, shortlist);
      const auto found = std::count_if(names.begin(), names.end(), [&](const std::string& name) {
        return std::find(shortlist.begin(), shortlist.end(), name) != shortlist.end();
      });
      if (found >= 2) field.extent.among = SearchedAmong::kRelative;
    } else if (const auto neighbour =
                   memory_.neighbours.find(task_.subject.line, task_.subject.m)) {
      LedBy led = led_by(names, field.groups, neighbour->names);
      order = std::move(led.order);
      field.head = led.head;
      if (field.head.count() > 0) {
        field.extent.among = SearchedAmong::kNeighbour;
        field.extent.neighbour_m = neighbour->m;
      }
    } else {
      return field;
    }
    field.entered.clear();
    for (const std::size_t place : order) field.entered.push_back(usable_[place]);
    field.groups = groups_of(field.entered);
    return field;
  }

  SearchResult search_among(const Field& field, bool exhaustive) {
    const auto time = [&](std::size_t place, SearchStage stage) {
      return task_.time(field.entered[place], stage);
    };
    SearchConfig config{
        .budget_s = task_.budget_s, .now = task_.now, .head = field.head, .groups = field.groups};
    if (exhaustive) {
      config.budget_s *= kExhaustiveBudget;
      config.finalists = kExhaustiveFinalists;
      config.leave_early = false;
    }
    return search(field.entered.size(), time, config);
  }

  AlgorithmChoice search_field(Field field, SearchMode mode) {
    const SearchResult result = search_among(field, mode == SearchMode::kExhaustive);
    AlgorithmChoice choice{field.entered[result.winner], result.seconds, std::nullopt};
    if (!result.confirmed) return choice;
    std::vector<std::string> entered;
    for (const std::size_t place : field.entered) entered.push_back(task_.names[place]);
    std::vector<std::string> finalists;
    for (const std::size_t place : result.finalists) finalists.push_back(entered[place]);
    if (mode != SearchMode::kExhaustive) {
      memory_.shortlists.keep(task_.subject.family,
                              std::span(finalists).first(close_ones(result.finalist_seconds)));
      // A relative's three are not all that the neighbour may have to offer.
      if (field.extent.among == SearchedAmong::kAll || result.widened) {
        memory_.neighbours.keep(task_.subject.line, task_.subject.m, finalists);
      }
    }
    choice.tuning = keep_winner(task_.subject.key, entered, result, memory_.file);
    field.extent.timed = static_cast<std::int64_t>(result.screened);
    field.extent.widened = result.widened;
    choice.tuning->extent = field.extent;
    return choice;
  }

  /// Searches again, all candidates, and compares the winners.
  void compare(AlgorithmChoice& choice) {
    if (!choice.tuning) return;
    const Field all = all_candidates();
    const SearchResult found = search_among(all, true);
    if (!found.confirmed) return;
    const std::size_t best = all.entered[found.winner];
    ExhaustiveWinner winner{.algorithm = task_.names[best]};
    if (best != choice.index) {
      const std::optional<double> ratio = ratio_of(choice.index, best);
      if (!ratio) return;
      winner.ratio = *ratio;
    }
    choice.tuning->exhaustive = std::move(winner);
  }

  /// Median over rounds of the time of one over that of the other; nothing where one cannot run.
  std::optional<double> ratio_of(std::size_t index, std::size_t other) {
    const std::size_t places[] = {index, other};
    const auto time = [&](std::size_t turn) -> std::optional<double> {
      try {
        return task_.time(places[turn], SearchStage::kRefine);
      } catch (const std::exception&) {
        return std::nullopt;
      }
    };
    const auto never = [] { return false; };
    const TurnsResult turns =
        take_turns(std::size(places), time, {.leave_early = false, .spent = never});
    if (turns.order.size() < std::size(places)) return std::nullopt;
    std::vector<double> ratios;
    for (std::size_t round = 0; round < turns.rounds; ++round) {
      ratios.push_back(turns.seconds[0][round] / turns.seconds[1][round]);
    }
    return median(ratios);
  }

  const ChoiceTask& task_;
  SearchMemory memory_;
  std::vector<std::size_t> usable_;  ///< places in ChoiceTask::names
};

}  // namespace

SearchSubject related(const std::string& library, const std::string& variant,
                      const GemmProblem& problem, CacheMode cache, SharedWinner shared) {
  GemmProblem relative = problem;
  relative.bias = false;
  relative.d = DataType::kBf16;
  const auto text = [&] {
    return fmt::format("{} {} {} {}", library, variant, to_string(relative), to_string(cache));
  };
  SearchSubject subject{.key = {}, .family = text(), .line = {}, .m = problem.shape.m};
  relative.shape.m = 0;
  subject.line = text();
  if (shared == SharedWinner::kNone) return subject;
  relative = problem;
  for (DataType* type : {&relative.a, &relative.b, &relative.d}) {
    if (*type == DataType::kFp16) *type = DataType::kBf16;
  }
  if (shared == SharedWinner::kTypesAndBias) relative.bias = false;
  subject.alike = text();
  return subject;
}

AlgorithmChoice choose_algorithm(const ChoiceTask& task, SearchMemory memory) {
  return Choosing(task, memory).run();
}

}  // namespace twofour::providers
