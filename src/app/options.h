// The command line as a value. Nothing here exits, prints or starts anything.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/devices.h"
#include "core/data_type.h"
#include "core/problem.h"
#include "core/record.h"
#include "report/report.h"
#include "workload/workload.h"

namespace twofour::app {

enum class Mode : std::uint8_t { kSquareBench, kRangeBench, kModelBench, kList };

inline constexpr std::array<std::pair<Mode, std::string_view>, 4> kModeNames{{
    {Mode::kSquareBench, "square_bench"},
    {Mode::kRangeBench, "range_bench"},
    {Mode::kModelBench, "model_bench"},
    {Mode::kList, "list"},
}};

constexpr std::string_view to_string(Mode mode) {
  return kModeNames[static_cast<std::size_t>(mode)].second;
}

/// Every option, checked. The initialisers are the defaults that --help shows.
struct Options {
  Mode mode = Mode::kList;
  DataType dtype = DataType::kInt8;  ///< given for the three benchmark modes
  workload::Sweep sweep;             ///< square_bench and range_bench
  workload::FixedDimensions fixed;   ///< range_bench

  std::vector<std::string> models;  ///< model_bench: names in known_models, never empty
  std::vector<std::int64_t> batch_sizes{1, 16, 32, 64, 128, 256, 512};
  std::vector<int> tp_sizes{1};
  std::optional<std::filesystem::path> models_file;
  /// The built-in models and those of --models-file, which replace built-in ones of the same name.
  std::vector<workload::Model> known_models;

  DeviceChoice device;
  std::vector<std::string> providers;  ///< empty: the default ones
  std::optional<std::string> kernels;  ///< an ECMAScript regular expression that compiles
  ScaleScheme scales;
  std::vector<CacheMode> caches{CacheMode::kCold};
  double precision = 0.01;           ///< target half-width of the 95 % intervals, relative
  std::optional<double> max_time_s;  ///< of one case; none: the device's default
  double case_timeout_s = 120;       ///< of one kernel in one call; 0: none
  int threads = 0;                   ///< 0: one for each physical core
  std::uint64_t seed = 0;
  std::filesystem::path output_dir = ".";
  report::TextFormat format = report::TextFormat::kTable;
  std::optional<std::filesystem::path> resume;
  bool dry_run = false;
  bool quiet = false;
};

/// The program is to end now, with these texts: --help, --version, or a command line that is wrong.
struct ExitRequest {
  int code = 0;
  std::string to_stdout;
  std::string to_stderr;
};

/// Reads a command line. An error is one line that names the option, its value and what is allowed.
std::variant<Options, ExitRequest> parse_options(int argc, const char* const* argv);

/// What --help prints.
std::string help_text();

/// The problems of a benchmark mode in the order in which they run; none for `list`.
std::vector<workload::Case> make_cases(const Options& options);

/// The command line up to the mode, quoted for a POSIX shell, with every option that is not at its
/// default and that a measurement depends on.
std::string repro_prefix(const Options& options);

}  // namespace twofour::app
