#include "app/compare_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/exit_code.h"
#include "app/option_names.h"
#include "app/options_values.h"
#include "app/result_files.h"
#include "app/standard_streams.h"
#include "app/terminal.h"
#include "compare/formats.h"
#include "compare/match.h"
#include "core/streams.h"

namespace twofour::app {
namespace {

using Files = std::vector<std::string>;

constexpr WordSet kOwn = 1;
constexpr std::string_view kForms =
    "two result files OLD NEW, or --old FILE... --new FILE..., or FILE --devices A B";

struct CompareOptions {
  compare::Options how;
  const compare::Format* format = &compare::formats().front();  ///< never null
  std::optional<std::string> output;
  bool strict = false;
  bool wide = false;
  Files old_files;
  Files new_files;
  Files devices;
};

const std::vector<OptionSpec>& specs() {
  static const std::string formats = "one of " + compare::format_names();
  static const std::vector<OptionSpec> list{
      {option::kOld, "FILE...", Arity::kFiles, kOwn, 0,
       "result files of the earlier runs; several show how much runs differ", "result files"},
      {option::kNew, "FILE...", Arity::kFiles, kOwn, 0, "and of the later ones", "result files"},
      {option::kDevices, "A B", Arity::kFiles, kOwn, 0,
       "compares two devices of FILE...: names, UUIDs, or as --device has them", "two devices"},
      {option::kOn, "WHAT", Arity::kOne, kOwn, 0,
       "what words and exit code are about: time (default), ratio or energy",
       "one of time, ratio, energy"},
      {option::kThreshold, "T", Arity::kOne, kOwn, 0, "relative change that counts; default: 0.02",
       "a number from 0 to 10"},
      {option::kStrict, "", Arity::kFlag, kOwn, 0, "UNCLEAR and MISSING end with exit code 1 too",
       ""},
      {option::kAnyway, "", Arity::kFlag, kOwn, 0,
       "compares also where seeds, devices or build types differ", ""},
      {option::kFormat, "FORMAT", Arity::kOne, kAnywhere, 0, "", formats},
      {option::kOutput, "FILE", Arity::kOne, kOwn, 0,
       "write it there; an earlier file is replaced when the new one is whole", "a file to write"},
      {option::kWide, "", Arity::kFlag, kAnywhere, 0, "", ""},
  };
  return list;
}

void apply(CompareOptions& options, const OptionSpec& spec, const Files& values) {
  if (spec.name == option::kOld) options.old_files = values;
  if (spec.name == option::kNew) options.new_files = values;
  if (spec.name == option::kDevices) {
    if (values.size() != 2) {
      throw UsageError(
          fmt::format("{}: '{}' is not two devices", spec.name, fmt::join(values, "', '")));
    }
    options.devices = values;
  }
  if (spec.name == option::kOn) {
    const auto question = value_in(compare::kQuestionNames, values[0]);
    if (!question) reject(spec, values[0]);
    options.how.on = *question;
  }
  if (spec.name == option::kThreshold) {
    constexpr double kMost = 10;
    const auto threshold = parse_number<double>(values[0], 0, kMost);
    if (!threshold) reject(spec, values[0]);
    options.how.threshold = *threshold;
  }
  if (spec.name == option::kStrict) options.strict = true;
  if (spec.name == option::kAnyway) options.how.anyway = true;
  if (spec.name == option::kWide) options.wide = true;
  if (spec.name == option::kFormat) {
    options.format = compare::find_format(values[0]);
    if (options.format == nullptr) reject(spec, values[0]);
  }
  if (spec.name == option::kOutput) {
    if (values[0].empty()) reject(spec, "");
    options.output = values[0];
  }
}

/// The three forms, of which one must be given.
void take_files(CompareOptions& options, const Files& positionals) {
  const bool lists = !options.old_files.empty() || !options.new_files.empty();
  if (!options.devices.empty()) {
    if (lists)
      throw UsageError("--devices: cannot be with --old and --new; give FILE --devices A B");
    if (positionals.empty()) {
      throw UsageError(fmt::format("FILE: is missing; compare takes {}", kForms));
    }
    options.old_files = options.new_files = positionals;
    options.how.devices = compare::Devices::kChosen;
    return;
  }
  if (lists) {
    if (!positionals.empty()) {
      throw UsageError(fmt::format("'{}': cannot be with --old and --new; compare takes {}",
                                   positionals.front(), kForms));
    }
    if (options.old_files.empty() || options.new_files.empty()) {
      throw UsageError(fmt::format("{}: is missing; compare takes {}",
                                   options.old_files.empty() ? "--old" : "--new", kForms));
    }
    return;
  }
  if (positionals.size() != 2) {
    throw UsageError(positionals.empty()
                         ? fmt::format("OLD NEW: is missing; compare takes {}", kForms)
                         : fmt::format("OLD NEW: '{}' is given; compare takes {}",
                                       fmt::join(positionals, "' and '"), kForms));
  }
  options.old_files = {positionals[0]};
  options.new_files = {positionals[1]};
}

CompareOptions compare_options(const CommandLine& line) {
  CompareOptions options;
  for (const GivenOption& given : line.options) {
    const auto spec = std::find_if(specs().begin(), specs().end(),
                                   [&](const OptionSpec& one) { return one.name == given.name; });
    apply(options, *spec, given.values);
  }
  take_files(options, line.positionals);
  if (options.format->wants_file && !options.output && stdout_is_terminal()) {
    throw UsageError(
        fmt::format("--format: {} is nothing for a terminal; give --output FILE or redirect "
                    "standard output",
                    options.format->name));
  }
  return options;
}

std::vector<report::Run> runs_of_device(const std::vector<report::Run>& runs,
                                        const std::string& device) {
  std::vector<report::Run> chosen = compare::of_device(runs, device);
  if (chosen.empty()) {
    throw UsageError(fmt::format("--devices: '{}' is not one of {}", device,
                                 fmt::join(compare::device_names(runs), ", ")));
  }
  return chosen;
}

/// OLD and NEW.
std::pair<std::vector<report::Run>, std::vector<report::Run>> read_sides(
    const CompareOptions& options) {
  std::vector<report::Run> before =
      read_result_files(options.old_files, report::KeepSamples::kOnDevice);
  if (options.devices.empty())
    return {std::move(before),
            read_result_files(options.new_files, report::KeepSamples::kOnDevice)};
  return {runs_of_device(before, options.devices[0]), runs_of_device(before, options.devices[1])};
}

void tell_cut(const std::vector<report::Run>& runs) {
  for (const report::Run& run : runs) {
    if (run.cut) {
      say(fmt::format("left out: the last line of '{}', which has no end", run.source));
    }
  }
}

int compare_files(const CommandLine& line) try {
  const CompareOptions options = compare_options(line);
  const auto [before, after] = read_sides(options);
  tell_cut(before);
  if (options.devices.empty()) tell_cut(after);
  const compare::Comparison comparison = compare::compare(before, after, options.how);
  const report::Display display = options.output ? report::Display{} : stdout_display(options.wide);
  OutputFile output(options.output);
  options.format->write(comparison, display, [&](std::string_view piece) { output.write(piece); });
  output.finish();
  switch (compare::finding(comparison, options.strict)) {
    case compare::Finding::kSomethingSlower:
      return kExitSlower;
    case compare::Finding::kNothingComparable:
      say(fmt::format("nothing comparable{}", options.how.on == compare::Question::kEnergy
                                                  ? ": no row has joules on both sides"
                                                  : ""));
      return kExitNothingComparable;
    case compare::Finding::kNothingSlower:
      break;
  }
  return kExitOk;
} catch (const CannotWrite& error) {
  say(error.what());
  return kExitUsage;
} catch (const std::bad_alloc&) {
  say("out of memory");
  return kExitUsage;
}

}  // namespace

Command compare_command() {
  return {
      .words = {{"compare", "what changed between two runs: exit code 1 where it is slower"}},
      .options = specs(),
      .positionals = {.names = "OLD.jsonl NEW.jsonl", .least = 0, .most = 1000, .allowed = kForms},
      .run = compare_files};
}

}  // namespace twofour::app
