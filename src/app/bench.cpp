// Plan -> Runner (a child; this process supervises) -> Sinks.
#include "app/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "app/bisections.h"
#include "app/dry_run.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/interrupt.h"
#include "app/measuring.h"
#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options.h"
#include "app/options_table.h"
#include "app/recorder.h"
#include "app/session.h"
#include "app/sinks.h"
#include "app/standard_streams.h"
#include "app/terminal.h"
#include "core/streams.h"
#include "report/formats.h"
#include "report/spent.h"
#include "run/child_process.h"
#include "run/in_process.h"
#include "run/supervisor.h"

namespace twofour::app {
namespace {

using Measure = std::function<int(run::Orders&, run::ResultStream&, run::Attempts&)>;

/// What an earlier part of the run left in its .jsonl.
run::Ledger earlier_part(JsonlFile& file) {
  try {
    run::Ledger ledger = file.read();
    const auto& environment = ledger.environment();
    if (environment && environment->schema_version != kSchemaVersion) {
      throw std::invalid_argument(fmt::format(
          "'{}' has schema_version {}; only a run of schema_version {} can be gone on with",
          file.path().string(), environment->schema_version, kSchemaVersion));
    }
    return ledger;
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--resume: {}", error.what()));
  }
}

run::RunResult run_cases(const BenchOptions& options, const std::filesystem::path& part,
                         Recorder& recorder, const Measure& measure) {
  try {
    if (options.in_process) {
      const Interrupt interrupt;
      return run::run_in_process(recorder, interrupt.token(), measure);
    }
    return run::supervise(
        {.part = part, .case_timeout_s = options.case_timeout_s}, recorder,
        [&](run::Orders& orders, run::ResultStream& stream, run::Attempts& attempts) {
          return exit_code_of([&] { return measure(orders, stream, attempts); });
        });
  } catch (const CannotWrite& error) {  // of the .jsonl: what is shown in the end is all there is
    say(error.what());
    return {.end = run::RunEnd::kCannotWrite, .last = {}};
  }
}

/// Why a run ended before its cases were done; empty: it did not, or has said so itself.
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
      break;
  }
  return {};
}

void print_time_spent(const Recorder& recorder) {
  const report::TimeSpent spent = report::time_spent(recorder.ledger().records());
  if (spent.total_s() <= 0) return;
  const std::string& reserved = recorder.reserved();
  write_to_stderr(
      fmt::format("time in cases: {:.1f} s, of which {:.1f} % set-up ({:.2f} s) and verification "
                  "({:.2f} s){}{}\n",
                  spent.total_s(), 100 * spent.overhead(), spent.set_up_s, spent.verify_s,
                  reserved.empty() ? "" : "; before them ", reserved));
}

bool any_measured(const run::Ledger& ledger) {
  return std::any_of(ledger.records().begin(), ledger.records().end(),
                     [](const Record& record) { return record.outcome.measured(); });
}

int exit_code(run::RunEnd end, const Recorder& recorder) {
  const std::vector<Record>& records = recorder.ledger().records();
  const auto any = [&](OutcomeKind kind) {
    return std::any_of(records.begin(), records.end(),
                       [&](const Record& record) { return record.outcome.kind == kind; });
  };
  if (end == run::RunEnd::kInterrupted) return kExitInterrupted;
  if (any(OutcomeKind::kIncorrect)) return kExitIncorrect;
  const bool whole = end == run::RunEnd::kDone && !recorder.lost_some();
  const bool failed = any(OutcomeKind::kFailed) || !any_measured(recorder.ledger());
  return !whole || failed ? kExitFailed : kExitOk;
}

/// Why no row has a time; empty where one has.
std::string nothing_measured(const run::Ledger& ledger) {
  if (any_measured(ledger)) return {};
  if (ledger.records().empty()) return "nothing was measured: there is no row";
  const Record& first = ledger.records().front();
  return fmt::format("nothing was measured: of {} rows none has a time; the first, {}, is {}: {}",
                     ledger.records().size(), first.kernel, to_string(first.outcome.kind),
                     first.outcome.reason);
}

int conclude(const BenchOptions& options, const run::RunResult& result, Recorder& recorder,
             const JsonlFile& file) {
  // Where the .jsonl could not take all rows, those that are missing stand in the part file.
  const bool in_part_file = result.end == run::RunEnd::kCannotWrite && recorder.lost_some();
  std::error_code ignored;
  if (!in_part_file) std::filesystem::remove(file.part(), ignored);
  if (const std::string why = untimely_end(result, options.case_timeout_s); !why.empty()) {
    say(why);
  }
  if (!recorder.started()) {
    if (result.end == run::RunEnd::kInterrupted) return kExitInterrupted;
    const bool refused = result.end == run::RunEnd::kRefused && result.last.code != 0;
    return refused ? result.last.code : kExitFailed;
  }
  recorder.finish();
  if (!options.quiet) {
    print_time_spent(recorder);
    write_to_stderr(
        fmt::format("results: {} and beside it .csv and .pkl{}{}\n", file.path().string(),
                    options.html ? "; page: " + options.html->string() : "",
                    options.dispatch ? "; dispatch: " + options.dispatch->string() : ""));
  }
  if (const std::string why = nothing_measured(recorder.ledger()); !why.empty()) say(why);
  return exit_code(result.end, recorder);
}

/// The cases that the command line names, and with --break-even those that follow from their rows.
/// A further child measures what was added; its rows go on in the same files.
run::RunResult run_all(const BenchOptions& options, std::vector<workload::Case>& cases,
                       std::size_t grid, const std::filesystem::path& part, Recorder& recorder,
                       const Measure& measure) {
  run::RunResult result = run_cases(options, part, recorder, measure);
  while (options.break_even && result.end == run::RunEnd::kDone) {
    std::vector<workload::Case> more = bisections(cases, grid, recorder.ledger().records());
    if (more.empty()) break;
    cases.insert(cases.end(), more.begin(), more.end());
    recorder.expect(cases);
    if (!options.quiet) {
      write_to_stderr(fmt::format("{}: {} further {}\n", option::kBreakEven, more.size(),
                                  more.size() == 1 ? "case" : "cases"));
    }
    result = run_cases(options, part, recorder, measure);
  }
  return result;
}

int show_plan(const BenchOptions& options, std::span<const workload::Case> cases) {
  const Session session = start_session(options);
  for (const std::string& note : session.device().notes()) say(note);
  const DryRun plan = dry_run(session, cases);
  write_to_stdout(plans_text(options) + plan.text);
  if (options.break_even) {
    write_to_stdout(possible_bisections(cases, session.config.measure.max_time_s));
  }
  if (plan.anything_runs) return kExitOk;
  say("nothing would be measured: no kernel can run any case");
  return kExitFailed;
}

std::filesystem::path beside(const JsonlFile& file, const char* extension) {
  std::filesystem::path path = file.path();
  return path.replace_extension(extension);
}

int bench(const CommandLine& line) {
  const BenchOptions options = bench_options(line);
  std::vector<workload::Case> cases = make_cases(options);
  if (options.dry_run) {
    return in_child(options.in_process, [&] { return show_plan(options, cases); });
  }

  if (!options.quiet) write_to_stderr(plans_text(options));
  JsonlFile file =
      options.resume ? JsonlFile::open(*options.resume)
                     : JsonlFile::make(options.output_dir, to_string(options.mode), options.dtype);
  run::Ledger earlier = options.resume ? earlier_part(file) : run::Ledger{};
  LeftBehind left = add_left_behind(file.part(), earlier);
  if (options.resume && !earlier.environment()) {
    throw UsageError(
        fmt::format("--resume: '{}' has no environment line: its run ended before it "
                    "began, so start it anew",
                    options.resume->string()));
  }

  const std::size_t grid = cases.size();
  if (options.break_even) {
    cases = with_earlier_bisections(std::move(cases), earlier.records());
  }
  JsonlSink jsonl(file);
  FileSink csv(beside(file, ".csv"), report::csv);
  FileSink pkl(beside(file, ".pkl"), report::pickle);
  BlockedSignals signals;
  std::vector<report::Run> earlier_parts;
  if (earlier.environment()) {
    earlier_parts.push_back({.source = {},
                             .environment = *earlier.environment(),
                             .records = {},
                             .attempts = earlier.attempts().size()});
  }
  TerminalSink terminal(*options.format, stdout_display(options.wide), options.question,
                        std::move(earlier_parts), [&] { signals.release(); });
  std::vector<Sink*> sinks{&jsonl, &csv, &pkl};
  std::optional<PageSink> page;
  if (options.html) sinks.push_back(&page.emplace(file.path(), *options.html, options.question));
  std::optional<DispatchSink> dispatch;
  if (options.dispatch) sinks.push_back(&dispatch.emplace(file.path(), *options.dispatch));
  sinks.push_back(&terminal);
  Recorder recorder(cases, std::move(earlier), std::move(left), std::move(sinks),
                    options.case_timeout_s, options.quiet);
  const Measure measure = [&](run::Orders& orders, run::ResultStream& stream,
                              run::Attempts& attempts) {
    return measure_cases({.options = options,
                          .arguments = line.arguments,
                          .cases = cases,
                          .named = grid,
                          .ledger = recorder.ledger(),
                          .resumed = options.resume && !recorder.started()},
                         orders, stream, attempts);
  };
  const run::RunResult result = run_all(options, cases, grid, file.part(), recorder, measure);
  return conclude(options, result, recorder, file);
}

}  // namespace

Command bench_command() {
  const auto word = [](BenchMode mode, std::string_view help) {
    return CommandWord{to_string(mode), help};
  };
  return {.words = {word(BenchMode::kSquare, "M = K = N = S, S+I, ... up to E, the end inclusive"),
                    word(BenchMode::kRange,
                         "M, K and N from S up to E, the end exclusive; --m-constant and the like "
                         "fix one"),
                    word(BenchMode::kModel,
                         "the linear layers of language models, for each batch size and "
                         "tensor-parallel size")},
          .options = bench_option_specs(),
          .run = bench};
}

}  // namespace twofour::app
