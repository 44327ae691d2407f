// The one list of bench's options: parsing, --help, the repro line and the tests read it. `list`
// takes those that may stand anywhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/options.h"

namespace twofour::app {

/// Sets of bench's words, which are the modes in their order.
inline constexpr WordSet kSquare = 1U << static_cast<unsigned>(BenchMode::kSquare);
inline constexpr WordSet kRange = 1U << static_cast<unsigned>(BenchMode::kRange);
inline constexpr WordSet kModel = 1U << static_cast<unsigned>(BenchMode::kModel);

struct BenchOptionRow : OptionSpec {
  /// Stores the values; throws UsageError. Called only when the option was given.
  void (*apply)(BenchOptions&, const OptionSpec&, std::span<const std::string>);
  /// Its value where a measurement depends on it, empty at the default; null: none ever does.
  std::string (*repro)(const BenchOptions&);
  /// Whether a run may go on (--resume) with another value: no result depends on it.
  bool may_differ = false;
};

/// In the order of --help. Options that others depend on are applied in this order too.
std::span<const BenchOptionRow> bench_option_rows();

/// What the parser needs to know of them.
std::vector<OptionSpec> bench_option_specs();

/// The options of `line`, which has bench's or some of them, each checked for itself.
BenchOptions apply_options(const CommandLine& line);

}  // namespace twofour::app
