// The options of bench as a value. Nothing here exits, prints or starts anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/options_device.h"
#include "core/data_type.h"
#include "core/mode.h"
#include "core/problem.h"
#include "core/record.h"
#include "core/search_mode.h"
#include "decide/question.h"
#include "report/formats.h"
#include "run/shards.h"
#include "workload/model_plan.h"
#include "workload/workload.h"

namespace twofour::weights {
class ModelWeights;
}

namespace twofour::app {

/// Every option, checked. The initialisers are the defaults that --help shows.
struct BenchOptions {
  BenchMode mode = BenchMode::kSquare;
  DataType dtype = DataType::kInt8;
  workload::Sweep sweep;            ///< square_bench and range_bench
  workload::FixedDimensions fixed;  ///< range_bench

  std::vector<std::string> models;  ///< model_bench: names in known_models, never empty
  std::vector<std::int64_t> batch_sizes{1, 16, 32, 64, 128, 256, 512};
  std::vector<int> tp_sizes{1};
  bool break_even = false;  ///< measure further M where 2:4 starts or stops to win
  decide::Question question;
  std::optional<std::filesystem::path> dispatch;  ///< the dispatch table goes there
  std::optional<std::filesystem::path> models_file;
  /// --model-config and --model-dir as they were given, in order.
  std::vector<std::pair<std::string_view, std::string>> model_files;
  bool unfused = false;                    ///< of the plans: q, k, v, gate and up stand alone
  std::vector<workload::ModelPlan> plans;  ///< of --model-config and --model-dir
  std::optional<std::filesystem::path> weights_dir;
  std::optional<std::int64_t> weights_layer;  ///< of the decoder; none: the first that has a layer
  std::optional<std::filesystem::path> activations;
  /// What --weights reads; null: operands are drawn.
  std::shared_ptr<weights::ModelWeights> weights;
  /// The built-in models and those of --models-file, which replace built-in ones of the same name.
  std::vector<workload::Model> known_models;

  DeviceChoice device;                 ///< of several devices, in each process that of it
  std::optional<DeviceList> devices;   ///< none: one device, `device`
  std::optional<Spread> spread;        ///< set where there are `devices`
  bool together = false;               ///< they begin a case's samples, or blocks, at once
  std::optional<run::Shard> shard;     ///< none: all cases
  std::vector<std::string> providers;  ///< empty: the default ones
  std::optional<std::string> kernels;  ///< an ECMAScript regular expression that compiles
  ScaleScheme scales;
  Sparsity pattern = Sparsity::kTwoFour;  ///< what weights are pruned to
  std::vector<CacheMode> caches{CacheMode::kCold};
  double precision = 0.01;           ///< target half-width of the 95 % intervals, relative
  std::optional<double> max_time_s;  ///< of one case; none: the device's default
  Load load = Load::kRested;
  double case_timeout_s = 120;  ///< of one kernel in one call; 0: none
  int threads = 0;              ///< 0: one for each physical core
  std::uint64_t seed = 0;
  std::filesystem::path output_dir = ".";
  const report::Format* format = &report::formats().front();  ///< never null
  std::optional<std::filesystem::path> html;                  ///< the page of the run goes there
  std::optional<std::filesystem::path> resume;
  bool resume_anyway = false;  ///< wherever the run began
  SearchMode search = SearchMode::kShortlists;
  bool no_tuning = false;  ///< winners of searches are neither read nor written
  bool wide = false;       ///< all columns on a terminal too
  bool dry_run = false;
  bool quiet = false;
  bool in_process = false;  ///< measure without a process of its own
};

/// What bench is told to do. Throws UsageError: one line that names the option, its value and what
/// is allowed.
BenchOptions bench_options(const CommandLine& line);

/// The problems of the mode in the order in which they run; at least one.
std::vector<workload::Case> make_cases(const BenchOptions& options);

/// The places of those that this process measures; all without --shard.
std::vector<int> own_cases(const BenchOptions& options, std::span<const workload::Case> cases);

/// The command line up to the mode, quoted for a POSIX shell, with every option that is not at its
/// default and that a measurement depends on.
std::string repro_prefix(const BenchOptions& options);

/// Gives the command line that measures a case again: its shape alone with drawn operands, or, of
/// stored weights and of all experts in one launch, which no shape tells, every layer of the model
/// at that size.
std::function<std::string(const workload::Case&)> repro_lines(const BenchOptions& options);

}  // namespace twofour::app
