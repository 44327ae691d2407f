// Plan -> Runner (a child; this process supervises) -> Sinks.
#include "app/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "app/bisections.h"
#include "app/conclusion.h"
#include "app/device_list.h"
#include "app/dry_run.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/interrupt.h"
#include "app/joined_file.h"
#include "app/joined_results.h"
#include "app/many_devices.h"
#include "app/measuring.h"
#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options.h"
#include "app/options_table.h"
#include "app/ranks.h"
#include "app/recorder.h"
#include "app/run_cases.h"
#include "app/session.h"
#include "app/sinks.h"
#include "app/standard_streams.h"
#include "app/terminal.h"
#include "core/streams.h"
#include "report/formats.h"
#include "report/results.h"
#include "report/spent.h"
#include "run/child_process.h"
#include "run/supervisor.h"

namespace twofour::app {
namespace {

/// What an earlier part of the run left in its .jsonl.
run::Ledger earlier_part(JsonlFile& file, report::KeepSamples keep) {
  try {
    return file.read(keep);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--resume: {}", error.what()));
  }
}

void print_time_spent(const Recorder& recorder) {
  const report::TimeSpent spent = report::time_spent(recorder.ledger().records());
  if (spent.total_s() <= 0) return;
  const std::string& reserved = recorder.reserved();
  write_to_stderr(fmt::format(
      "time in cases: {:.1f} s, of which {:.1f} % set-up ({:.2f} s, searches {:.2f} s) and "
      "verification ({:.2f} s){}{}\n",
      spent.total_s(), 100 * spent.overhead(), spent.set_up_s, spent.search_s, spent.verify_s,
      reserved.empty() ? "" : "; before them ", reserved));
}

/// Where the .jsonl could not take all rows, those that are missing stand in the part file.
void remove_part(const JsonlFile& file, const run::RunResult& result, const Recorder& recorder) {
  if (result.end == run::RunEnd::kCannotWrite && recorder.lost_some()) return;
  std::error_code ignored;
  std::filesystem::remove(file.part(), ignored);
}

void print_files(const BenchOptions& options, const std::filesystem::path& jsonl) {
  write_to_stderr(fmt::format("results: {} and beside it .csv and .pkl{}{}\n", jsonl.string(),
                              options.html ? "; page: " + options.html->string() : "",
                              options.dispatch ? "; dispatch: " + options.dispatch->string() : ""));
}

int conclude(const BenchOptions& options, const run::RunResult& result, Recorder& recorder,
             const JsonlFile& file, BlockedSignals& signals, TerminalSink& terminal) {
  remove_part(file, result, recorder);
  if (const std::string why = untimely_end(result, options.case_timeout_s); !why.empty()) {
    say(why);
  }
  if (!recorder.started()) return not_started_code(result);
  recorder.finish();
  const report::Display display = stdout_display(options.wide);
  // What goes row by row is there already.
  const bool prints = !options.format->row_by_row && !recorder.lost(terminal);
  const bool whole = show_results(options, file.path(), prints ? &display : nullptr, nullptr,
                                  [&] { signals.release(); });
  if (!options.quiet) {
    print_time_spent(recorder);
    print_files(options, file.path());
  }
  const RowTally tally = tally_of(recorder.ledger().records());
  if (const std::string why = nothing_measured(tally); !why.empty()) say(why);
  return exit_code(tally, result.end,
                   result.end == run::RunEnd::kDone && !recorder.lost_some() && whole);
}

/// One rank's share is measured: what all have is brought together, and shown by rank 0.
int conclude_rank(const BenchOptions& options, const run::RunResult& result, Recorder& recorder,
                  RankFiles& files, int rank) {
  if (const std::string why = untimely_end(result, options.case_timeout_s); !why.empty()) {
    say(why);
  }
  if (!recorder.started()) {
    files.remove_empty();
    return not_started_code(result);
  }
  files.keep();
  // With a rank that ends so, the job ends. Its file stays, as do those of the others.
  if (result.end == run::RunEnd::kInterrupted) return kExitInterrupted;
  if (result.end == run::RunEnd::kSourceLost || result.end == run::RunEnd::kCannotWrite) {
    return kExitFailed;
  }
  recorder.finish();
  const bool whole = files.gather(result.end == run::RunEnd::kDone && !recorder.lost_some());
  if (rank != 0) return kExitOk;
  if (!options.quiet) print_files(options, files.joined());
  return show_joined(options, files.joined(), whole);
}

/// The cases that the command line names, and with --break-even those that follow from their rows.
/// A further child measures what was added; its rows go on in the same files.
run::RunResult run_all(const BenchOptions& options, std::vector<workload::Case>& cases,
                       std::size_t grid, const std::filesystem::path& part, Recorder& recorder,
                       const Measure& measure) {
  run::RunResult result = run_cases(options, {.part = part}, recorder, measure);
  while (options.break_even && result.end == run::RunEnd::kDone) {
    std::vector<workload::Case> more = bisections(cases, grid, recorder.ledger().records());
    if (more.empty()) break;
    cases.insert(cases.end(), more.begin(), more.end());
    recorder.expect(cases);
    if (!options.quiet) {
      write_to_stderr(fmt::format("{}: {} further {}\n", option::kBreakEven, more.size(),
                                  more.size() == 1 ? "case" : "cases"));
    }
    result = run_cases(options, {.part = part}, recorder, measure);
  }
  return result;
}

int show_plan(const BenchOptions& options, const std::vector<workload::Case>& cases,
              const std::vector<ListedDevice>& devices) {
  const Session session = start_session(options);
  for (const std::string& note : session.device().notes()) say(note);
  const DryRun plan = dry_run(session, cases, own_cases(options, cases));
  write_to_stdout(plans_text(options) + plan.text);
  if (!devices.empty()) {
    write_to_stdout(devices_plan(options, cases, devices, session.config.measure.max_time_s));
  }
  if (options.break_even) {
    write_to_stdout(possible_bisections(cases, session.config.measure.max_time_s));
  }
  if (plan.anything_runs) return kExitOk;
  say("nothing would be measured: no kernel can run any case");
  return kExitFailed;
}

/// One rank of several that share the cases by MPI.
int bench_rank(const BenchOptions& options, const CommandLine& line,
               std::span<const workload::Case> cases, Job& job) {
  RankFiles files(*job.agent, options);
  run::Ledger earlier = options.resume ? files.earlier() : run::Ledger{};
  if (options.resume) require_resumable(earlier, files.joined());
  JsonlSink jsonl(files.own());
  const BlockedSignals signals;
  Recorder recorder(cases, std::move(earlier), {}, {&jsonl}, options.case_timeout_s,
                    options.quiet || job.rank != 0);
  SharedCases shared(*job.agent, run::case_groups(cases, job.agent->place().ranks));
  const std::vector<int> own = own_cases(options, cases);
  const std::string spread =
      fmt::format("{} over {} ranks", report::kSplitText, job.agent->place().ranks);
  const Measure measure = [&](run::Orders& orders, run::ResultStream& stream,
                              run::Attempts& attempts) {
    return measure_cases({.options = options,
                          .arguments = line.arguments,
                          .cases = cases,
                          .named = cases.size(),
                          .ledger = recorder.ledger(),
                          .own = own,
                          .resumed = options.resume && !recorder.started(),
                          .job = job.text,
                          .part_of_job = !recorder.started(),
                          .spread = spread},
                         orders, stream, attempts);
  };
  const run::RunResult result =
      run_cases(options, {.part = files.own().part(), .source = &shared}, recorder, measure);
  try {
    return conclude_rank(options, result, recorder, files, job.rank);
  } catch (const job::JobInterrupted& error) {
    say(error.what());
    return kExitInterrupted;
  }
}

/// The whole of a run, or a shard of it, by this process and its child.
int bench_alone(const BenchOptions& options, const CommandLine& line,
                std::vector<workload::Case> cases, const std::string& job) {
  if (!options.quiet) write_to_stderr(plans_text(options));
  JsonlFile file =
      options.resume ? open_to_resume(*options.resume)
                     : JsonlFile::make(options.output_dir, to_string(options.mode), options.dtype);
  // Where break-evens are looked for, decisions are made of the rows.
  const auto keep = options.break_even ? report::KeepSamples::kYes : report::KeepSamples::kNo;
  run::Ledger earlier = options.resume ? earlier_part(file, keep) : run::Ledger{};
  LeftBehind left = add_left_behind(file.part(), earlier);
  if (options.resume) require_resumable(earlier, file.path());

  const std::size_t grid = cases.size();
  if (options.break_even) {
    cases = with_earlier_bisections(std::move(cases), earlier.records());
  }
  std::vector<int> own = own_cases(options, cases);
  JsonlSink jsonl(file);
  BlockedSignals signals;
  TerminalSink terminal(*options.format, stdout_display(options.wide));
  Recorder recorder(cases, std::move(earlier), std::move(left), {&jsonl, &terminal},
                    options.case_timeout_s, options.quiet);
  if (options.break_even) recorder.keep_samples();
  const Measure measure = [&](run::Orders& orders, run::ResultStream& stream,
                              run::Attempts& attempts) {
    if (cases.size() > grid) own = own_cases(options, cases);
    return measure_cases({.options = options,
                          .arguments = line.arguments,
                          .cases = cases,
                          .named = grid,
                          .ledger = recorder.ledger(),
                          .own = own,
                          .resumed = options.resume && !recorder.started(),
                          .job = job},
                         orders, stream, attempts);
  };
  const run::RunResult result = run_all(options, cases, grid, file.part(), recorder, measure);
  return conclude(options, result, recorder, file, signals, terminal);
}

/// The devices of --device where it means several; none where it means one, which is then that of
/// `options`. Throws UsageError.
std::vector<ListedDevice> several_devices(BenchOptions& options) {
  if (!options.devices) return {};
  std::vector<ListedDevice> devices = devices_by_child(*options.devices);
  options.device = devices.front().choice;
  if (devices.size() == 1) {
    if (!options.quiet) {
      write_to_stderr(fmt::format("{} {}: there is one, {}\n", option::kDevice,
                                  to_string(*options.devices), name_of(devices.front())));
    }
    return {};
  }
  if (options.spread == Spread::kSplit) require_alike(devices);
  return devices;
}

int bench(const CommandLine& line) {
  BenchOptions options = bench_options(line);
  std::vector<workload::Case> cases = make_cases(options);
  Job job = find_job(options);
  if (options.break_even && (job.agent || options.shard)) {
    throw UsageError(fmt::format(
        "{}: chooses cases by what it has measured, so it is for one process with all cases: not "
        "with {}, nor in a job of several ranks",
        option::kBreakEven, option::kShard));
  }
  std::vector<ListedDevice> devices;
  try {
    devices = several_devices(options);
  } catch (const DevicesUnknown& unknown) {
    return unknown.code;
  }
  if (options.dry_run) {
    if (job.rank != 0) return kExitOk;  // rank 0 shows the whole
    return in_child(options.in_process, [&] { return show_plan(options, cases, devices); });
  }
  if (job.agent) return bench_rank(options, line, cases, job);
  if (own_cases(options, cases).empty()) {
    say(fmt::format("nothing to measure: of {} cases none is in {} {}/{}", cases.size(),
                    option::kShard, options.shard->number, options.shard->count));
    return kExitOk;
  }
  if (!devices.empty()) {
    if (!options.quiet) write_to_stderr(plans_text(options));
    return bench_many(options, line, cases, devices, job.text);
  }
  return bench_alone(options, line, std::move(cases), job.text);
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
