#include "app/report_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/exit_code.h"
#include "app/joined_rows.h"
#include "app/option_names.h"
#include "app/options_decide.h"
#include "app/result_files.h"
#include "app/streamed_report.h"
#include "app/terminal.h"
#include "core/streams.h"
#include "decide/formats.h"
#include "report/formats.h"
#include "report/left_out.h"

namespace twofour::app {
namespace {

struct ReportOptions {
  const report::Format* format = &report::formats().front();  ///< never null
  std::optional<std::string> output;
  bool wide = false;
  decide::Question question;
  std::optional<std::string> dispatch;
};

const std::vector<OptionSpec>& specs() {
  // What --format takes follows from the formats, and a spec holds views.
  static const std::string allowed = "one of " + report::format_names();
  static const std::string help = "default: table; " + allowed;
  static const std::vector<OptionSpec> list{
      {option::kFormat, "FORMAT", Arity::kOne, 1, 0, help, allowed},
      {option::kOutput, "FILE", Arity::kOne, 1, 0,
       "write it there; an earlier file is replaced when the new one is whole", "a file to write"},
      {option::kWide, "", Arity::kFlag, 1, 0,
       "all columns on a terminal, as pipes and files have them", ""},
      {option::kTraffic, "MIX", Arity::kOne, 1, 0, "of model_bench rows, as for the run itself",
       decide::kTrafficAllowed},
      {option::kLinearShare, "S", Arity::kOne, 1, 0, "likewise", kLinearShareAllowed},
      {option::kDispatch, "FILE", Arity::kOne, 1, 0, "likewise", kDispatchAllowed},
  };
  return list;
}

ReportOptions report_options(const CommandLine& line) {
  ReportOptions options;
  for (const GivenOption& given : line.options) {
    const auto spec = std::find_if(specs().begin(), specs().end(),
                                   [&](const OptionSpec& one) { return one.name == given.name; });
    if (given.name == option::kFormat) {
      options.format = report::find_format(given.values[0]);
      if (options.format == nullptr) reject(*spec, given.values[0]);
    } else if (given.name == option::kOutput) {
      if (given.values[0].empty()) reject(*spec, "");
      options.output = given.values[0];
    } else if (given.name == option::kWide) {
      options.wide = true;
    } else if (given.name == option::kTraffic) {
      options.question.traffic = traffic_value(*spec, given.values[0]);
    } else if (given.name == option::kLinearShare) {
      options.question.linear_share = linear_share_value(*spec, given.values[0]);
    } else if (given.name == option::kDispatch) {
      options.dispatch = dispatch_value(*spec, given.values[0]).string();
    }
  }
  if (!options.format->on_stdout && !options.output && stdout_is_terminal()) {
    throw UsageError(
        fmt::format("--format: {} is nothing for a terminal; give --output FILE or "
                    "redirect standard output",
                    options.format->name));
  }
  return options;
}

/// A batch size of the mix that no row has is a slip, whichever model it was meant for.
void check_traffic(const decide::Question& question, const std::set<std::int64_t>& sizes) {
  for (const decide::TrafficClass& part : question.traffic) {
    if (sizes.contains(part.tokens)) continue;
    throw UsageError(
        fmt::format("{}: '{}' has a batch size of {}, which no row of the files has; they have {}",
                    option::kTraffic, part.name, part.tokens,
                    sizes.empty() ? "none" : fmt::format("{}", fmt::join(sizes, ", "))));
  }
}

SamplesOf samples_for(const report::Format& format) {
  if (format.of_samples) return SamplesOf::kAll;
  // What follows for models needs the samples of their rows.
  return decide::needs_samples(format) ? SamplesOf::kModels : SamplesOf::kNone;
}

/// In a format that needs rows of all files beside one another.
void joined_report(const std::vector<std::string>& files, const ReportOptions& options) {
  std::set<std::int64_t> tokens;
  const JoinedRows joined =
      read_joined(files, samples_for(*options.format), [&](const Record& record) {
        if (record.tokens) tokens.insert(*record.tokens);
      });
  check_traffic(options.question, tokens);
  for (const std::string& told : joined.left_out) write_to_stderr(told + "\n");
  tell_without_samples(joined);
  const report::Display display = options.output ? report::Display{} : stdout_display(options.wide);
  OutputFile output(options.output);
  decide::write_document(*options.format, joined.results, display, options.question,
                         joined.with_samples, [&](std::string_view piece) { output.write(piece); });
  output.finish();
  if (options.dispatch) write_output(options.dispatch, decide::dispatch_document(joined.results));
}

/// Row by row. Files that cannot be read twice are held.
void report_of_rows(const std::vector<std::string>& files, const ReportOptions& options) {
  const auto check = [&](const std::set<std::int64_t>& sizes) {
    check_traffic(options.question, sizes);
  };
  if (!options.dispatch && can_be_read_twice(files)) {
    return streamed_report(files, *options.format, options.output, check);
  }
  const std::vector<report::Run> runs = read_result_files(files);
  std::set<std::int64_t> tokens;
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) {
      if (record.tokens) tokens.insert(*record.tokens);
    }
  }
  check(tokens);
  for (const std::string& told : report::left_out(runs)) write_to_stderr(told + "\n");
  write_output(options.output, options.format->document(runs));
  if (options.dispatch) write_output(options.dispatch, decide::dispatch_document(runs));
}

int report(const CommandLine& line) {
  const ReportOptions options = report_options(line);
  if (options.format->write != nullptr) {
    joined_report(line.positionals, options);
  } else {
    report_of_rows(line.positionals, options);
  }
  return kExitOk;
}

}  // namespace

Command report_command() {
  return {.words = {{"report",
                     "what result files hold: as a table, for a pull request, for other programs"}},
          .options = specs(),
          .positionals = {.names = "FILE.jsonl...",
                          .least = 1,
                          .most = std::numeric_limits<std::size_t>::max(),
                          .allowed = "result files, one or more"},
          .run = report};
}

}  // namespace twofour::app
