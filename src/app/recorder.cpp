#include "app/recorder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <utility>

#include "providers/tuning.h"

namespace twofour::app {

std::string reason_of(const run::Ending& ending, double case_timeout_s) {
  switch (ending.kind) {
    case run::EndingKind::kDeadline:
      return fmt::format("did not return within --case-timeout {} s", case_timeout_s);
    case run::EndingKind::kSignal:
      return "ended by " + run::signal_name(ending.code);
    case run::EndingKind::kDevice:
      return ending.said;
    case run::EndingKind::kExit:
      break;
  }
  return fmt::format("ended the process with exit code {}", ending.code);
}

Recorder::Recorder(std::span<const workload::Case> cases, run::Ledger ledger,
                   LeftBehind not_written, std::vector<Sink*> sinks, double case_timeout_s,
                   bool quiet)
    : cases_(cases),
      ledger_(std::move(ledger)),
      not_written_(std::move(not_written)),
      sinks_(std::move(sinks)),
      case_timeout_s_(case_timeout_s),
      progress_(cases.size(), !quiet) {}

void Recorder::environment(const Environment& environment) {
  ledger_.environment = environment;
  opened_ = true;
  for (Sink* sink : sinks_) sink->environment(environment);
}

void Recorder::start(const run::Start& start) {
  // A process that takes the place of another has nothing new to say.
  if (!std::exchange(started_, true)) {
    for (const std::string& note : start.notes) fmt::print(stderr, "twofour: {}\n", note);
  }
  reserved_ = start.reserved;
  const LeftBehind left = std::exchange(not_written_, {});
  if (left.environment) environment(*left.environment);
  if (!std::exchange(opened_, true) && ledger_.environment) {
    for (Sink* sink : sinks_) sink->go_on(*ledger_.environment);
  }
  for (const Record& record : left.rows) write(record);
}

void Recorder::begin_case(int case_index) {
  const auto place = static_cast<std::size_t>(case_index);
  progress_.begin(place, mkn(cases_[place].shape));
}

void Recorder::write(const Record& record) {
  progress_.clear();
  for (Sink* sink : sinks_) sink->row(record);
  changed_cases_.insert(record.case_index);
}

void Recorder::row(const Record& record) {
  if (ledger_.add(record)) write(record);
}

void Recorder::case_end(int case_index) {
  progress_.clear();
  if (changed_cases_.erase(case_index) == 0) return;
  const std::vector<Record> rows = ledger_.rows_of_case(case_index);
  for (Sink* sink : sinks_) sink->case_end(rows);
}

bool Recorder::try_again(const run::Attempt& attempt, const std::string& reason) {
  const Record& tried = attempt.row;
  if (ledger_.avoid(tried.case_index, tried.kernel).size() + 1 >= run::kMostTries) return false;
  progress_.clear();
  fmt::print(stderr, "twofour: {} {}: {}: {}; it is tried again without, in a fresh process\n",
             tried.kernel, mkn(tried.problem.shape), attempt.algorithm, reason);
  const EndedAttempt ended{tried.case_index, tried.kernel, attempt.algorithm, reason};
  ledger_.add(ended);
  for (Sink* sink : sinks_) sink->attempt(ended);
  return true;
}

void Recorder::ended(const run::Attempt& attempt, const run::Ending& ending) {
  std::string reason = reason_of(ending, case_timeout_s_);
  Record failed = attempt.row;
  if (!attempt.algorithm.empty()) {
    if (run::lasts(ending) && !attempt.scope.family.empty()) {
      providers::TuningFile(providers::TuningFile::default_path())
          .keep_avoided({attempt.scope, attempt.algorithm});
    }
    if (try_again(attempt, reason)) return;
    reason = fmt::format("{}: {}; its search lost the device before with {}", attempt.algorithm,
                         reason, fmt::join(ledger_.avoid(failed.case_index, failed.kernel), ", "));
    failed.lost_algorithms.push_back(attempt.algorithm);
  }
  failed.outcome = {OutcomeKind::kFailed, std::move(reason)};
  row(failed);
}

void Recorder::finish() {
  progress_.clear();
  for (Sink* sink : sinks_) sink->finish(ledger_.records());
}

}  // namespace twofour::app
