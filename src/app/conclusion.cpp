#include "app/conclusion.h"

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/recorder.h"

namespace twofour::app {

void RowTally::add(const Record& record) {
  if (rows++ == 0) {
    first = fmt::format("{}, is {}: {}", record.kernel, to_string(record.outcome.kind),
                        record.outcome.reason);
  }
  if (record.outcome.measured()) ++measured;
  any_incorrect = any_incorrect || record.outcome.kind == OutcomeKind::kIncorrect;
  any_failed = any_failed || record.outcome.kind == OutcomeKind::kFailed;
}

RowTally tally_of(std::span<const Record> records) {
  RowTally tally;
  for (const Record& record : records) tally.add(record);
  return tally;
}

int exit_code(const RowTally& tally, run::RunEnd end, bool whole) {
  if (end == run::RunEnd::kInterrupted) return kExitInterrupted;
  if (tally.any_incorrect) return kExitIncorrect;
  const bool failed = tally.any_failed || tally.measured == 0;
  return !whole || failed ? kExitFailed : kExitOk;
}

std::string nothing_measured(const RowTally& tally) {
  if (tally.measured > 0) return {};
  if (tally.rows == 0) return "nothing was measured: there is no row";
  return fmt::format("nothing was measured: of {} rows none has a time; the first, {}", tally.rows,
                     tally.first);
}

std::string untimely_end(const run::RunResult& result, double case_timeout_s) {
  const std::string how = reason_of(result.last, case_timeout_s);
  switch (result.end) {
    case run::RunEnd::kBadStart:
      return fmt::format("the process that measures came to its end before its first kernel: {}",
                         how);
    case run::RunEnd::kNoProgress:
      return fmt::format(
          "the run ends: the process that measures came to its end again and again without a new "
          "row, the last time: {}",
          how);
    case run::RunEnd::kDone:
    case run::RunEnd::kInterrupted:
    case run::RunEnd::kRefused:
    case run::RunEnd::kCannotWrite:
    case run::RunEnd::kSourceLost:
      break;
  }
  return {};
}

int not_started_code(const run::RunResult& result) {
  if (result.end == run::RunEnd::kInterrupted) return kExitInterrupted;
  const bool refused = result.end == run::RunEnd::kRefused && result.last.code != 0;
  return refused ? result.last.code : kExitFailed;
}

}  // namespace twofour::app
