#include "app/device_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "app/conclusion.h"
#include "app/exit_code.h"
#include "app/joined_file.h"
#include "app/measuring.h"
#include "app/recorder.h"
#include "app/run_cases.h"
#include "app/sinks.h"
#include "core/streams.h"
#include "report/results.h"

namespace twofour::app {
namespace {

/// The cases of a run as devices are free.
class DealtCases final : public run::CaseSource {
 public:
  DealtCases(job::Deal& deal, int rank) : deal_(deal), rank_(rank) {}
  std::optional<std::vector<int>> more() override { return deal_.take(rank_); }

 private:
  job::Deal& deal_;
  int rank_;
};

/// Tells the board what the recorder is told.
class OnBoard final : public run::RunListener {
 public:
  OnBoard(const Crew& crew, int rank, Recorder& recorder)
      : crew_(crew), rank_(rank), recorder_(recorder), state_(crew.board.rank(rank)) {}

  void environment(const Environment& environment) override { recorder_.environment(environment); }
  void start(const run::Start& start) override {
    const std::set<int> left(start.cases.begin(), start.cases.end());
    for (const int index : crew_.own) {
      if (crew_.deal != nullptr && !left.contains(index)) crew_.deal->needs_nobody(rank_, index);
    }
    run::Start told = start;
    for (std::string& note : told.notes) {
      note = fmt::format("{}: {}", name_of(crew_.devices[static_cast<std::size_t>(rank_)]), note);
    }
    recorder_.start(told);
    state_.finished = static_cast<int>(crew_.own.size() - left.size());
    state_.started = true;
  }
  void begin_case(int case_index) override {
    state_.current = case_index;
    recorder_.begin_case(case_index);
  }
  void row(const Record& record) override { recorder_.row(record); }
  void case_end(int case_index) override {
    recorder_.case_end(case_index);
    // Its rows are in the file now.
    if (crew_.deal != nullptr) crew_.deal->done(rank_, case_index);
    state_.current = -1;
    ++state_.finished;
  }
  void ended(const run::Attempt& attempt, const run::Ending& ending) override {
    recorder_.ended(attempt, ending);
  }
  [[nodiscard]] std::size_t rows() const override { return recorder_.rows(); }

 private:
  const Crew& crew_;
  int rank_;
  Recorder& recorder_;
  job::RankState& state_;
};

/// "split over cpu:0, cpu:1".
std::string spread_text(const Crew& crew) {
  std::string names;
  for (const ListedDevice& device : crew.devices) {
    names += (names.empty() ? "" : ", ") + name_of(device);
  }
  const bool split = crew.deal != nullptr;
  return fmt::format("{} {}{}", split ? "split over" : "replicated on", names,
                     crew.options.together ? ", together" : "");
}

int end_of(const run::RunResult& result, const Recorder& recorder) {
  if (result.end == run::RunEnd::kInterrupted) return kExitInterrupted;
  if (!recorder.started()) return not_started_code(result);
  return result.end == run::RunEnd::kDone && !recorder.lost_some() ? kExitOk : kExitFailed;
}

}  // namespace

int run_device(const Crew& crew, int rank) {
  const ListedDevice& device = crew.devices[static_cast<std::size_t>(rank)];
  BenchOptions options = crew.options;
  options.device = device.choice;
  std::string spread = spread_text(crew);
  if (const std::string near = stay_near(device.id); !near.empty()) spread += "; " + near;
  JsonlFile file = JsonlFile::make_or_open(rank_path(crew.joined, rank));
  JsonlSink jsonl(file);
  Recorder recorder(crew.cases, crew.earlier(rank), {}, {&jsonl}, options.case_timeout_s, true);
  OnBoard listener(crew, rank, recorder);
  std::optional<DealtCases> source;
  if (crew.deal != nullptr) source.emplace(*crew.deal, rank);
  std::optional<job::Neighbours> neighbours;
  if (crew.winners != nullptr) {
    neighbours.emplace(crew.board, *crew.winners, rank, kinds_of(crew.devices),
                       job::Sharing{.winners = !options.no_tuning, .together = options.together});
  }
  const Measure measure = [&](run::Orders& orders, run::ResultStream& stream,
                              run::Attempts& attempts) {
    return measure_cases({.options = options,
                          .arguments = crew.line.arguments,
                          .cases = crew.cases,
                          .named = crew.cases.size(),
                          .ledger = recorder.ledger(),
                          .own = crew.own,
                          .resumed = recorder.ledger().environment() && !recorder.started(),
                          .job = crew.job,
                          .part_of_job = !recorder.started(),
                          .companions = neighbours ? &*neighbours : nullptr,
                          .spread = spread,
                          .accepted = [&] { crew.board.rank(rank).accepted = true; }},
                         orders, stream, attempts);
  };
  const run::RunResult result =
      run_cases(options,
                {.part = file.part(),
                 .source = source ? &*source : nullptr,
                 .asked_to_end = [&] { return crew.board.asked_to_end(); }},
                listener, measure);
  if (const std::string why = untimely_end(result, options.case_timeout_s); !why.empty()) {
    say(fmt::format("{}: {}", name_of(device), why));
  }
  return end_of(result, recorder);
}

}  // namespace twofour::app
