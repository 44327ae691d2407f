// Plan -> Runner (a child; this process supervises) -> Sinks.
#include "app/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "app/dry_run.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/interrupt.h"
#include "app/measuring.h"
#include "app/options.h"
#include "app/options_table.h"
#include "app/recorder.h"
#include "app/session.h"
#include "app/sinks.h"
#include "app/terminal.h"
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
    if (ledger.environment && ledger.environment->schema_version != kSchemaVersion) {
      throw std::invalid_argument(fmt::format(
          "'{}' has schema_version {}; only a run of schema_version {} can be gone on with",
          file.path().string(), ledger.environment->schema_version, kSchemaVersion));
    }
    return ledger;
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--resume: {}", error.what()));
  }
}

run::RunResult run_cases(const BenchOptions& options, const std::filesystem::path& part,
                         Recorder& recorder, const Measure& measure) {
  if (options.in_process) {
    const Interrupt interrupt;
    return run::run_in_process(recorder, interrupt.token(), measure);
  }
  return run::supervise(
      {.part = part, .case_timeout_s = options.case_timeout_s}, recorder,
      [&](run::Orders& orders, run::ResultStream& stream, run::Attempts& attempts) {
        return exit_code_of([&] { return measure(orders, stream, attempts); });
      });
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
      break;
  }
  return {};
}

void print_time_spent(const Recorder& recorder) {
  const report::TimeSpent spent = report::time_spent(recorder.ledger().records());
  if (spent.total_s() <= 0) return;
  const std::string& reserved = recorder.reserved();
  fmt::print(stderr,
             "time in cases: {:.1f} s, of which {:.1f} % set-up ({:.2f} s) and verification "
             "({:.2f} s){}{}\n",
             spent.total_s(), 100 * spent.overhead(), spent.set_up_s, spent.verify_s,
             reserved.empty() ? "" : "; before them ", reserved);
}

int exit_code(run::RunEnd end, const run::Ledger& ledger) {
  const auto any = [&](OutcomeKind kind) {
    return std::any_of(ledger.records().begin(), ledger.records().end(),
                       [&](const Record& record) { return record.outcome.kind == kind; });
  };
  if (end == run::RunEnd::kInterrupted) return kExitInterrupted;
  if (any(OutcomeKind::kIncorrect)) return kExitIncorrect;
  return end != run::RunEnd::kDone || any(OutcomeKind::kFailed) ? kExitFailed : kExitOk;
}

int conclude(const BenchOptions& options, const run::RunResult& result, Recorder& recorder,
             const JsonlFile& file) {
  std::error_code ignored;
  std::filesystem::remove(file.part(), ignored);
  if (const std::string why = untimely_end(result, options.case_timeout_s); !why.empty()) {
    fmt::print(stderr, "twofour: {}\n", why);
  }
  if (!recorder.started()) {
    if (result.end == run::RunEnd::kInterrupted) return kExitInterrupted;
    const bool refused = result.end == run::RunEnd::kRefused && result.last.code != 0;
    return refused ? result.last.code : kExitFailed;
  }
  recorder.finish();
  if (!options.quiet) {
    print_time_spent(recorder);
    fmt::print(stderr, "results: {} and beside it .csv and .pkl{}\n", file.path().string(),
               options.html ? "; page: " + options.html->string() : "");
  }
  return exit_code(result.end, recorder.ledger());
}

int show_plan(const BenchOptions& options, std::span<const workload::Case> cases) {
  const Session session = start_session(options);
  fmt::print("{}", dry_run_text(session, cases));
  return kExitOk;
}

std::filesystem::path beside(const JsonlFile& file, const char* extension) {
  std::filesystem::path path = file.path();
  return path.replace_extension(extension);
}

int bench(const CommandLine& line) {
  const BenchOptions options = bench_options(line);
  const std::vector<workload::Case> cases = make_cases(options);
  if (options.dry_run) {
    return in_child(options.in_process, [&] { return show_plan(options, cases); });
  }

  JsonlFile file =
      options.resume ? JsonlFile::open(*options.resume)
                     : JsonlFile::make(options.output_dir, to_string(options.mode), options.dtype);
  run::Ledger earlier = options.resume ? earlier_part(file) : run::Ledger{};
  LeftBehind left = add_left_behind(file.part(), earlier);
  if (options.resume && !earlier.environment) {
    throw UsageError(
        fmt::format("--resume: '{}' has no environment line: its run ended before it "
                    "began, so start it anew",
                    options.resume->string()));
  }

  JsonlSink jsonl(file);
  FileSink csv(beside(file, ".csv"), report::csv);
  FileSink pkl(beside(file, ".pkl"), report::pickle);
  std::vector<report::Run> earlier_parts;
  if (earlier.environment) {
    earlier_parts.push_back({.source = {},
                             .environment = *earlier.environment,
                             .records = {},
                             .attempts = earlier.attempts().size()});
  }
  TerminalSink terminal(*options.format, stdout_display(options.wide), std::move(earlier_parts));
  std::vector<Sink*> sinks{&jsonl, &csv, &pkl, &terminal};
  std::optional<PageSink> page;
  if (options.html) sinks.push_back(&page.emplace(file.path(), *options.html));
  Recorder recorder(cases, std::move(earlier), std::move(left), std::move(sinks),
                    options.case_timeout_s, options.quiet);
  const Measure measure = [&](run::Orders& orders, run::ResultStream& stream,
                              run::Attempts& attempts) {
    return measure_cases(options, line.arguments, cases, recorder.ledger(), orders, stream,
                         attempts);
  };
  const run::RunResult result = run_cases(options, file.part(), recorder, measure);
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
