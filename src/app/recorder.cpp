#include "app/recorder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "app/standard_streams.h"
#include "core/streams.h"
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

void Recorder::tell(FunctionRef<void(Sink&)> tell) {
  for (Sink* sink : sinks_) {
    if (lost_.contains(sink)) continue;
    try {
      tell(*sink);
    } catch (const CannotWrite& error) {
      lost_.insert(sink);
      if (sink->keeps_all()) throw;
      say(error.what());
    }
  }
}

void Recorder::expect(std::span<const workload::Case> cases) {
  cases_ = cases;
  progress_.set_total(cases.size());
}

void Recorder::environment(const Environment& environment) {
  opened_ = true;
  write_left_behind();
  ledger_.begin_part(environment);
  tell([&](Sink& sink) { sink.environment(environment); });
}

void Recorder::start(const run::Start& start) {
  // A process that takes the place of another has nothing new to say.
  if (!std::exchange(started_, true)) {
    for (const std::string& note : start.notes) say(note);
  }
  reserved_ = start.reserved;
  write_left_behind();
}

void Recorder::write_left_behind() {
  const LeftBehind left = std::exchange(not_written_, {});
  if (left.environment) {
    opened_ = true;
    tell([&](Sink& sink) { sink.environment(*left.environment); });
  }
  if (!std::exchange(opened_, true) && ledger_.environment()) {
    tell([&](Sink& sink) { sink.go_on(*ledger_.environment()); });
  }
  for (const Record& record : left.rows) write(record);
}

void Recorder::begin_case(int case_index) {
  const auto place = static_cast<std::size_t>(case_index);
  progress_.begin(place, mkn(cases_[place].shape));
}

void Recorder::write(const Record& record) {
  progress_.clear();
  tell([&](Sink& sink) { sink.row(record); });
  changed_cases_.insert(record.case_index);
}

void Recorder::row(const Record& record) {
  Record held = record;
  if (keep_ == report::KeepSamples::kNo) report::drop_samples(held);
  if (ledger_.add(std::move(held))) write(record);
}

void Recorder::case_end(int case_index) {
  progress_.clear();
  if (changed_cases_.erase(case_index) == 0) return;
  const std::vector<Record> rows = ledger_.rows_of_case(case_index);
  tell([&](Sink& sink) { sink.case_end(rows); });
}

bool Recorder::try_again(const run::Attempt& attempt, const std::string& reason) {
  const Record& tried = attempt.row;
  if (ledger_.avoid(tried.case_index, tried.kernel).size() + 1 >= run::kMostTries) return false;
  progress_.clear();
  say(fmt::format("{} {}: {}: {}; it is tried again without, in a fresh process", tried.kernel,
                  mkn(tried.problem.shape), attempt.algorithm, reason));
  const EndedAttempt ended{tried.case_index, tried.kernel, attempt.algorithm, reason};
  ledger_.add(ended);
  tell([&](Sink& sink) { sink.attempt(ended); });
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
    reason = fmt::format("{}: {}; its search ended the process before with {}", attempt.algorithm,
                         reason, fmt::join(ledger_.avoid(failed.case_index, failed.kernel), ", "));
    failed.lost_algorithms.push_back(attempt.algorithm);
  }
  failed.outcome = {OutcomeKind::kFailed, std::move(reason)};
  row(failed);
}

void Recorder::finish() {
  progress_.clear();
  tell([](Sink& sink) { sink.finish(); });
}

}  // namespace twofour::app
