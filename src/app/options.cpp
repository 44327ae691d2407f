#include "app/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/build_info.h"
#include "app/exit_code.h"
#include "app/options_table.h"
#include "app/options_values.h"

namespace twofour::app {
namespace {

constexpr std::size_t kMaxCases = 100000;

constexpr unsigned bit(Mode mode) { return 1U << static_cast<unsigned>(mode); }

/// What CLI11 found, as texts: it splits the command line, and all judgement is ours, so that every
/// message names the option, its value and what is allowed.
struct Found {
  std::vector<std::vector<std::string>> values;  ///< of option_rows(), in their order
  std::vector<std::size_t> times;                ///< how often each was given
  std::vector<Mode> modes;
  std::vector<std::string> unknown;  ///< arguments that nothing took
  bool help = false;
  bool version = false;
};

CLI::Option* add(CLI::App& app, const OptionRow& row, std::vector<std::string>& values) {
  const std::string name(row.name);
  if (row.arity == Arity::kFlag) return app.add_flag(name)->disable_flag_override();
  CLI::Option* option = app.add_option(name, values);
  if (row.arity == Arity::kOne) option->allow_extra_args(false);
  return option;
}

/// One CLI11 option for a row that every mode takes, else one in each of its modes.
using Bound = std::vector<std::pair<std::size_t, CLI::Option*>>;

Bound bind_rows(CLI::App& app, const std::vector<CLI::App*>& modes, Found& found) {
  Bound bound;
  const auto rows = option_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].modes == kEveryMode) {
      bound.emplace_back(i, add(app, rows[i], found.values[i]));
      continue;
    }
    for (std::size_t mode = 0; mode < modes.size(); ++mode) {
      if ((rows[i].modes >> mode & 1U) == 0) continue;
      bound.emplace_back(i, add(*modes[mode], rows[i], found.values[i]));
    }
  }
  return bound;
}

[[noreturn]] void reject_missing_value(const OptionRow& row) {
  throw UsageError(fmt::format("{}: has no value; it takes {}", row.name, row.allowed));
}

/// CLI11 judges only the count of values; its messages begin with the option's name, which has no
/// dashes where the option is a flag.
[[noreturn]] void reject_count(std::string_view message) {
  std::string_view name = message.substr(0, message.find_first_of(": "));
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  for (const OptionRow& row : option_rows()) {
    if (row.name.substr(2) == name && row.arity != Arity::kFlag) reject_missing_value(row);
  }
  throw UsageError(fmt::format("--{}: takes no value", name));
}

Found read(int argc, const char* const* argv) {
  Found found;
  found.values.resize(option_rows().size());
  found.times.resize(option_rows().size());
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.fallthrough();
  CLI::Option* help = app.add_flag("-h,--help");
  CLI::Option* version = app.add_flag("--version");
  std::vector<CLI::App*> modes;
  modes.reserve(kModeNames.size());
  for (const auto& [mode, name] : kModeNames)
    modes.push_back(app.add_subcommand(std::string(name)));
  const Bound bound = bind_rows(app, modes, found);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    reject_count(error.what());
  }
  for (const auto& [row, option] : bound) found.times[row] += option->count();
  for (const auto& [mode, name] : kModeNames) {
    if (modes[static_cast<std::size_t>(mode)]->parsed()) found.modes.push_back(mode);
  }
  found.unknown = app.remaining(true);
  found.help = help->count() > 0;
  found.version = version->count() > 0;
  return found;
}

std::string mode_names(unsigned modes) {
  std::vector<std::string_view> names;
  for (const auto& [mode, name] : kModeNames) {
    if ((modes & bit(mode)) != 0) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Number of single-character edits from one word to the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[to.size()];
}

[[noreturn]] void reject_unknown_option(std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find('='));
  const OptionRow* nearest = nullptr;
  std::size_t distance = 3;  // further away is another word, not a slip
  for (const OptionRow& row : option_rows()) {
    if (row.name == name) {
      throw UsageError(fmt::format("{}: is an option of {}, to be given after the mode", name,
                                   mode_names(row.modes)));
    }
    if (const auto edits = edit_distance(name, row.name); edits < distance) {
      distance = edits;
      nearest = &row;
    }
  }
  throw UsageError(nearest != nullptr
                       ? fmt::format("{}: is not an option; did you mean {}?", name, nearest->name)
                       : fmt::format("{}: is not an option", name));
}

Mode check_mode(const Found& found) {
  constexpr unsigned kAll = kEveryMode;
  if (!found.unknown.empty()) {
    const std::string& first = found.unknown.front();
    if (first.starts_with('-') && first.size() > 1) reject_unknown_option(first);
    if (found.modes.empty()) {
      throw UsageError(fmt::format("MODE: '{}' is not one of {}", first, mode_names(kAll)));
    }
    throw UsageError(fmt::format("'{}': unexpected after mode {}; give lists as --option A B",
                                 first, to_string(found.modes.front())));
  }
  if (found.modes.empty()) {
    throw UsageError(fmt::format("MODE: is missing; give one of {}", mode_names(kAll)));
  }
  if (found.modes.size() > 1) {
    throw UsageError(fmt::format("MODE: {} and {} are given; give one of {}",
                                 to_string(found.modes[0]), to_string(found.modes[1]),
                                 mode_names(kAll)));
  }
  return found.modes.front();
}

void apply_rows(Options& options, const Found& found) {
  const auto rows = option_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const OptionRow& row = rows[i];
    if (found.times[i] == 0) {
      if ((row.required_for & bit(options.mode)) == 0) continue;
      throw UsageError(fmt::format("{}: is missing; mode {} needs {}", row.name,
                                   to_string(options.mode), row.allowed));
    }
    const auto& values = found.values[i];
    if (row.arity == Arity::kOne && values.size() > 1) {
      throw UsageError(fmt::format("{}: is given {} times, as '{}'; give it once", row.name,
                                   values.size(), fmt::join(values, "' and '")));
    }
    for (const std::string& value : values) {
      if (value.starts_with("--")) reject_missing_value(row);
    }
    row.apply(options, row, values);
  }
}

/// Number of sizes from `start` to `last`.
std::size_t count_steps(std::int64_t start, std::int64_t last, std::int64_t increment) {
  return start > last ? 0 : static_cast<std::size_t>((last - start) / increment) + 1;
}

void check_case_count(const Options& o) {
  std::size_t count = 1;
  if (o.mode == Mode::kSquareBench) {
    if (o.sweep.end < o.sweep.start) {
      throw UsageError(
          fmt::format("--dim-end: '{}' is not a whole number of at least --dim-start {}",
                      o.sweep.end, o.sweep.start));
    }
    count = count_steps(o.sweep.start, o.sweep.end, o.sweep.increment);
  } else if (o.mode == Mode::kRangeBench) {
    if (o.sweep.end <= o.sweep.start) {
      throw UsageError(
          fmt::format("--dim-end: '{}' is not a whole number above --dim-start {} (range_bench "
                      "excludes the end)",
                      o.sweep.end, o.sweep.start));
    }
    count = count_steps(o.sweep.start, o.sweep.end - 1, o.sweep.increment);
  } else if (o.mode == Mode::kModelBench) {
    if (o.models.empty()) {
      throw UsageError(
          fmt::format("--models: is missing; no model of --models-file {} runs by default",
                      o.models_file->string()));
    }
    std::size_t layers = 0;
    for (const workload::Model& model : o.known_models) {
      const auto named = std::count(o.models.begin(), o.models.end(), model.name);
      layers += model.layers.size() * static_cast<std::size_t>(named);
    }
    count = layers * o.batch_sizes.size() * o.tp_sizes.size();
  }
  if (count > kMaxCases) {
    throw UsageError(fmt::format("MODE: {} has {} cases; at most {} are allowed", to_string(o.mode),
                                 count, kMaxCases));
  }
}

Options checked_options(const Found& found) {
  Options options;
  options.mode = check_mode(found);
  options.known_models = workload::builtin_models();
  for (const workload::Model& model : options.known_models) {
    if (model.by_default) options.models.push_back(model.name);
  }
  apply_rows(options, found);
  check_case_count(options);
  return options;
}

}  // namespace

std::variant<Options, ExitRequest> parse_options(int argc, const char* const* argv) {
  try {
    const Found found = read(argc, argv);
    if (found.help) return ExitRequest{.code = kExitOk, .to_stdout = help_text()};
    if (found.version) {
      return ExitRequest{.code = kExitOk,
                         .to_stdout = fmt::format("twofour {} ({}, {}, {})\n", build_info().version,
                                                  build_info().git_commit, build_info().build_type,
                                                  build_info().compiler)};
    }
    return checked_options(found);
  } catch (const UsageError& error) {
    return ExitRequest{
        .code = kExitUsage,
        .to_stderr = fmt::format("twofour: {}\nsee 'twofour --help'\n", error.what())};
  }
}

}  // namespace twofour::app
