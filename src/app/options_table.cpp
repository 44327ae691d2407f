#include "app/options_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <regex>
#include <set>

#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options_decide.h"
#include "app/options_values.h"
#include "input/pattern.h"

namespace twofour::app {
namespace {

using Values = std::span<const std::string>;

constexpr double kMaxSeconds = 1e6;
constexpr int kMaxTensorParallel = 1024;
constexpr int kMaxThreads = 4096;
static_assert(input::kLongestPattern == 500);  // as the row of --kernels says
constexpr int kMaxShards = 1000000;
constexpr std::string_view kDimension = "a whole number from 1 to 268435456";
static_assert(workload::kMaxDimension == 268435456);

template <class Number>
Number number(const OptionSpec& row, std::string_view text, Number low, Number high) {
  const auto value = parse_number<Number>(text, low, high);
  if (!value) reject(row, text);
  return *value;
}

std::int64_t dimension(const OptionSpec& row, std::string_view text) {
  return number<std::int64_t>(row, text, 1, workload::kMaxDimension);
}

/// The items of a list option; none empty, none twice.
std::vector<std::string> items(const OptionSpec& row, Values values) {
  std::vector<std::string> list = split_list(values);
  std::set<std::string_view> seen;
  for (const std::string& item : list) {
    if (item.empty()) reject(row, "");
    if (!seen.insert(item).second) {
      throw UsageError(fmt::format("{}: '{}' is given twice", row.name, item));
    }
  }
  return list;
}

void apply_dtype(BenchOptions& o, const OptionSpec& row, Values v) {
  const auto type = data_type_from_cli_name(v[0]);
  if (!type || !info(*type).operand) reject(row, v[0]);
  o.dtype = *type;
}

void apply_models_file(BenchOptions& o, const OptionSpec& row, Values v) {
  o.models_file = v[0];
  try {
    o.models.clear();
    for (workload::Model& model : workload::load_models(v[0])) {
      if (model.by_default) o.models.push_back(model.name);
      std::erase_if(o.known_models,
                    [&](const workload::Model& known) { return known.name == model.name; });
      o.known_models.push_back(std::move(model));
    }
  } catch (const std::exception& error) {
    throw UsageError(fmt::format("{}: {}", row.name, error.what()));
  }
}

void apply_models(BenchOptions& o, const OptionSpec& row, Values v) {
  o.models = items(row, v);
  std::vector<std::string_view> known;
  for (const workload::Model& model : o.known_models) known.push_back(model.name);
  for (const std::string& name : o.models) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw UsageError(
          fmt::format("{}: '{}' is not one of {}", row.name, name, fmt::join(known, ", ")));
    }
  }
}

void apply_batch_sizes(BenchOptions& o, const OptionSpec& row, Values v) {
  o.batch_sizes.clear();
  for (const std::string& item : items(row, v)) o.batch_sizes.push_back(dimension(row, item));
}

void apply_tp_sizes(BenchOptions& o, const OptionSpec& row, Values v) {
  o.tp_sizes.clear();
  for (const std::string& item : items(row, v)) {
    o.tp_sizes.push_back(number<int>(row, item, 1, kMaxTensorParallel));
  }
}

void apply_device(BenchOptions& o, const OptionSpec& row, Values v) {
  o.devices = parse_device_list(v[0]);
  if (o.devices) return;
  const auto choice = parse_device_choice(v[0]);
  if (!choice) reject(row, v[0]);
  o.device = *choice;
}

void apply_spread(BenchOptions& o, const OptionSpec& row, Values v) {
  o.spread = value_in(kSpreadNames, v[0]);
  if (!o.spread) reject(row, v[0]);
}

std::string device_text(const BenchOptions& o) { return o.device.kind ? to_string(o.device) : ""; }

/// "I/N".
void apply_shard(BenchOptions& o, const OptionSpec& row, Values v) {
  const std::size_t slash = std::min(v[0].find('/'), v[0].size());
  const std::string_view text = v[0];
  const auto count =
      parse_number<int>(text.substr(std::min(slash + 1, text.size())), 1, kMaxShards);
  if (!count) reject(row, v[0]);
  const auto shard_number = parse_number<int>(text.substr(0, slash), 1, *count);
  if (!shard_number) reject(row, v[0]);
  o.shard = run::Shard{.number = *shard_number, .count = *count};
}

void apply_kernels(BenchOptions& o, const OptionSpec& row, Values v) {
  if (v[0].empty() || v[0].size() > input::kLongestPattern) reject(row, v[0]);
  try {
    static_cast<void>(input::compile_pattern(v[0]));
  } catch (const std::regex_error& error) {
    throw UsageError(
        fmt::format("{}: '{}' is not a regular expression: {}", row.name, v[0], error.what()));
  }
  o.kernels = v[0];
}

void apply_scales(BenchOptions& o, const OptionSpec& row, Values v) {
  const auto scheme = parse_scale_scheme(v[0]);
  // Without scales, 8-bit kernels would compute something that no layer needs.
  if (!scheme || scheme->a == ScaleGranularity::kNone) reject(row, v[0]);
  o.scales = *scheme;
}

void apply_cache(BenchOptions& o, const OptionSpec& row, Values v) {
  if (v[0] == "cold") {
    o.caches = {CacheMode::kCold};
  } else if (v[0] == "hot") {
    o.caches = {CacheMode::kHot};
  } else if (v[0] == "both") {
    o.caches = {CacheMode::kCold, CacheMode::kHot};
  } else {
    reject(row, v[0]);
  }
}

void apply_format(BenchOptions& o, const OptionSpec& row, Values v) {
  const report::Format* format = report::find_format(v[0]);
  if (format == nullptr || !format->on_stdout) reject(row, v[0]);
  o.format = format;
}

void apply_output_dir(BenchOptions& o, const OptionSpec& row, Values v) {
  std::error_code ignored;
  const std::filesystem::path path = v[0];
  if (v[0].empty() ||
      (std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored))) {
    reject(row, v[0]);
  }
  o.output_dir = path;
}

void apply_html(BenchOptions& o, const OptionSpec& row, Values v) {
  std::error_code ignored;
  const std::filesystem::path path = v[0];
  const std::filesystem::path folder = path.parent_path();
  // A slip must not put a page in the place of results.
  if (path.filename().empty() || path.extension() == ".jsonl" ||
      std::filesystem::is_directory(path, ignored) ||
      (!folder.empty() && !std::filesystem::is_directory(folder, ignored))) {
    reject(row, v[0]);
  }
  o.html = path;
}

void apply_resume(BenchOptions& o, const OptionSpec& row, Values v) {
  std::error_code ignored;
  const std::filesystem::path path = v[0];
  if (path.extension() != ".jsonl" || !std::filesystem::is_regular_file(path, ignored)) {
    reject(row, v[0]);
  }
  o.resume = path;
}

void apply_pattern(BenchOptions& o, const OptionSpec& row, Values v) {
  const auto pattern = value_in(kPatternNames, v[0]);
  if (!pattern) reject(row, v[0]);
  o.pattern = *pattern;
}

double positive_below(const OptionSpec& row, std::string_view text, double end) {
  const auto value = number<double>(row, text, 0, end);
  if (value == 0 || value == end) reject(row, text);
  return value;
}

void apply_precision(BenchOptions& o, const OptionSpec& row, Values v) {
  o.precision = positive_below(row, v[0], 1);
}

void apply_max_time(BenchOptions& o, const OptionSpec& row, Values v) {
  o.max_time_s = positive_below(row, v[0], kMaxSeconds);
}

void apply_load(BenchOptions& o, const OptionSpec& row, Values v) {
  const auto load = value_in(kLoadNames, v[0]);
  if (!load) reject(row, v[0]);
  o.load = *load;
}

void apply_search(BenchOptions& o, const OptionSpec& row, Values v) {
  const auto mode = value_in(kSearchModeNames, v[0]);
  if (!mode) reject(row, v[0]);
  o.search = *mode;
}

void apply_case_timeout(BenchOptions& o, const OptionSpec& row, Values v) {
  o.case_timeout_s = number<double>(row, v[0], 0, kMaxSeconds);
}

template <auto Member>
void apply_dimension(BenchOptions& o, const OptionSpec& row, Values v) {
  o.sweep.*Member = dimension(row, v[0]);
}

template <auto Member>
void apply_fixed(BenchOptions& o, const OptionSpec& row, Values v) {
  o.fixed.*Member = dimension(row, v[0]);
}

template <class Value>
std::string unless_default(const Value& value, const Value& standard) {
  return value == standard ? std::string() : fmt::format("{}", value);
}

constexpr unsigned kBenchmarks = kSquare | kRange | kModel;
constexpr unsigned kSweeps = kSquare | kRange;

constexpr std::string_view kOneOfTypes = "one of int8, fp8, bf16, fp16";
static_assert(std::all_of(kDataTypes.begin(), kDataTypes.end(), [](const DataTypeInfo& type) {
  return !type.operand || kOneOfTypes.find(type.cli_name) != std::string_view::npos;
}));

// clang-format off
constexpr std::array kRows{
    BenchOptionRow{{option::kDtype, "TYPE", Arity::kOne, kAnywhere, kBenchmarks,
              "operand type: int8, fp8 (e4m3fn), bf16 or fp16", kOneOfTypes},
              apply_dtype,
              [](const BenchOptions& o) { return std::string(info(o.dtype).cli_name); }},
    BenchOptionRow{{option::kDimStart, "S", Arity::kOne, kSweeps, kSweeps,
              "first size", kDimension}, apply_dimension<&workload::Sweep::start>, nullptr},
    BenchOptionRow{{option::kDimEnd, "E", Arity::kOne, kSweeps, kSweeps,
              "last size: inclusive for square_bench, exclusive for range_bench", kDimension},
              apply_dimension<&workload::Sweep::end>, nullptr},
    BenchOptionRow{{option::kDimIncrement, "I", Arity::kOne, kSweeps, kSweeps,
              "step from one size to the next", kDimension},
              apply_dimension<&workload::Sweep::increment>, nullptr},
    BenchOptionRow{{option::kMConstant, "M", Arity::kOne, kRange, 0,
              "fix M, which is swept otherwise", kDimension},
              apply_fixed<&workload::FixedDimensions::m>, nullptr},
    BenchOptionRow{{option::kKConstant, "K", Arity::kOne, kRange, 0,
              "fix K, which is swept otherwise", kDimension},
              apply_fixed<&workload::FixedDimensions::k>, nullptr},
    BenchOptionRow{{option::kNConstant, "N", Arity::kOne, kRange, 0,
              "fix N, which is swept otherwise", kDimension},
              apply_fixed<&workload::FixedDimensions::n>, nullptr},
    BenchOptionRow{{option::kModelsFile, "FILE", Arity::kOne, kAnywhere, 0,
              "more models, as docs/models.md describes; without --models, those run",
              "a JSON file of models"}, apply_models_file, nullptr},
    BenchOptionRow{{option::kUnfused, "", Arity::kFlag, kModel, 0,
              "of a config.json: q, k, v, gate and up as GEMMs of their own", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.unfused = true; }, nullptr},
    BenchOptionRow{{option::kModelConfig, "FILE", Arity::kOne, kModel, 0,
              "the model that a config.json of Hugging Face describes",
              "a config.json"}, apply_model_config, nullptr},
    BenchOptionRow{{option::kModelDir, "DIR", Arity::kOne, kModel, 0,
              "the same of a folder, checked by its safetensors headers",
              "a folder with a config.json"}, apply_model_dir, nullptr},
    BenchOptionRow{{option::kWeights, "DIR", Arity::kOne, kModel, 0,
              "the real weights of a model's safetensors files (docs/real-weights.md)",
              "a folder with safetensors files"}, apply_weights, nullptr},
    BenchOptionRow{{option::kWeightsLayer, "L", Arity::kOne, kModel, 0,
              "with --weights: of decoder layer L; default: the first that has each",
              "a whole number from 0 to 268435456"},
              [](BenchOptions& o, const OptionSpec& row, Values v) {
                o.weights_layer = number<std::int64_t>(row, v[0], 0, workload::kMaxDimension);
              }, nullptr},
    BenchOptionRow{{option::kActivations, "FILE", Arity::kOne, kModel, 0,
              "with --weights: captured inputs of the layers; default: normal(0, 1)",
              "a safetensors file"},
              [](BenchOptions& o, const OptionSpec&, Values v) { o.activations = v[0]; }, nullptr},
    BenchOptionRow{{option::kModels, "NAME...", Arity::kList, kModel, 0,
              "models, as 'twofour list' names them; default: those it does not star",
              "the name of a model"}, apply_models, nullptr},
    BenchOptionRow{{option::kBatchSizes, "M...", Arity::kList, kModel, 0,
              "default: 1 16 32 64 128 256 512", kDimension}, apply_batch_sizes, nullptr},
    BenchOptionRow{{option::kTpSizes, "T...", Arity::kList, kModel, 0,
              "tensor-parallel sizes; default: 1", "a whole number from 1 to 1024"},
              apply_tp_sizes, nullptr},
    BenchOptionRow{{option::kBreakEven, "", Arity::kFlag, kModel, 0,
              "measure further M where 2:4 starts and stops to win (docs/decide.md)", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.break_even = true; }, nullptr},
    BenchOptionRow{{option::kTraffic, "MIX", Arity::kOne, kModel, 0,
              "time of a mix of passes, like decode:64x0.8,prefill:1024x0.2",
              decide::kTrafficAllowed},
              [](BenchOptions& o, const OptionSpec& row, Values v) {
                o.question.traffic = traffic_value(row, v[0]);
              }, nullptr, true},
    BenchOptionRow{{option::kLinearShare, "S", Arity::kOne, kModel, 0,
              "share of linear layers in a dense forward pass: what the whole gains",
              kLinearShareAllowed},
              [](BenchOptions& o, const OptionSpec& row, Values v) {
                o.question.linear_share = linear_share_value(row, v[0]);
              }, nullptr, true},
    BenchOptionRow{{option::kDispatch, "FILE", Arity::kOne, kModel, 0,
              "also write which kernel to use at which M, as JSON", kDispatchAllowed},
              [](BenchOptions& o, const OptionSpec& row, Values v) {
                o.dispatch = dispatch_value(row, v[0]);
              }, nullptr, true},
    BenchOptionRow{{option::kDevice, "D", Arity::kOne, kAnywhere, 0,
              "auto (default), cuda[:N|:UUID], cpu[:nodeN|:LIST], all, cuda:0,2, cpu:0+1",
              "auto, cpu, cpu:nodeN, cpu:LIST as in 0-7,16-23, cuda, cuda:N or cuda:UUID; or several "
              "devices: all (GPUs), cuda:N,N,..., cpu:LIST+LIST+..., cpu:all"}, apply_device, device_text},
    BenchOptionRow{{option::kSpread, "HOW", Arity::kOne, kAnywhere, 0,
              "of several devices: split (default: each case on one) or replicate",
              "one of split, replicate"}, apply_spread, nullptr},
    BenchOptionRow{{option::kTogether, "", Arity::kFlag, kAnywhere, 0,
              "with replicate: all devices begin the samples of a case at once", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.together = true; }, nullptr},
    BenchOptionRow{{option::kShard, "I/N", Arity::kOne, kAnywhere, 0,
              "measure part I of N, from 1; all parts together are the whole",
              "I/N: whole numbers, I from 1 to N, N at most 1000000"}, apply_shard, nullptr},
    BenchOptionRow{{option::kProviders, "NAME...", Arity::kList, kAnywhere, 0,
              "libraries whose kernels run ('twofour list' shows them)",
              "the name of a provider"},
              [](BenchOptions& o, const OptionSpec& row, Values v) { o.providers = items(row, v); },
              [](const BenchOptions& o) { return fmt::format("{}", fmt::join(o.providers, ",")); }},
    BenchOptionRow{{option::kKernels, "REGEX", Arity::kOne, kAnywhere, 0,
              "kernels whose name contains a match", "a regular expression of 1 to 500 characters"}, apply_kernels,
              [](const BenchOptions& o) { return o.kernels.value_or(""); }},
    BenchOptionRow{{option::kScales, "SCHEME", Arity::kOne, kAnywhere, 0,
              "tensor (default), token (one per row of A), channel (of B), token-channel",
              "one of tensor, token, channel, token-channel"}, apply_scales,
              [](const BenchOptions& o) {
                return unless_default(to_string(o.scales), to_string(BenchOptions{}.scales));
              }},
    BenchOptionRow{{option::kPattern, "P", Arity::kOne, kAnywhere, 0,
              "of the weights: 2:4 (default), or 6:8 expanded to 2:4 (docs/patterns.md)",
              "one of 2:4, 6:8"}, apply_pattern,
              [](const BenchOptions& o) {
                return unless_default(to_string(o.pattern), to_string(BenchOptions{}.pattern));
              }},
    BenchOptionRow{{option::kCache, "STATE", Arity::kOne, kAnywhere, 0,
              "weights in cache when a kernel starts: cold (default: no), hot or both",
              "one of cold, hot, both"}, apply_cache,
              [](const BenchOptions& o) {
                if (o.caches.size() == 2) return std::string("both");
                return unless_default(to_string(o.caches.front()), to_string(CacheMode::kCold));
              }},
    BenchOptionRow{{option::kPrecision, "P", Arity::kOne, kAnywhere, 0,
              "half-width of the 95 % intervals to aim for, relative; default: 0.01",
              "a number above 0 and below 1"}, apply_precision,
              [](const BenchOptions& o) { return unless_default(o.precision, BenchOptions{}.precision); }},
    BenchOptionRow{{option::kMaxTime, "SECONDS", Arity::kOne, kAnywhere, 0,
              "sampling time of one case, all kernels together; default: 10, on a GPU 1",
              "a number of seconds above 0 and below 1000000"}, apply_max_time,
              [](const BenchOptions& o) {
                return o.max_time_s ? fmt::format("{}", *o.max_time_s) : std::string();
              }},
    BenchOptionRow{{option::kLoad, "LOAD", Arity::kOne, kAnywhere, 0,
              "rested (default), sustained (on a GPU: blocks of seconds), or both",
              "one of rested, sustained, both"}, apply_load,
              [](const BenchOptions& o) {
                return unless_default(to_string(o.load), to_string(BenchOptions{}.load));
              }},
    BenchOptionRow{{option::kCaseTimeout, "SECONDS", Arity::kOne, kAnywhere, 0,
              "ends a kernel that is in one call for longer; 0: never; default: 120",
              "a number of seconds from 0 to 1000000"}, apply_case_timeout, nullptr, true},
    BenchOptionRow{{option::kThreads, "N", Arity::kOne, kAnywhere, 0,
              "threads of CPU kernels; default: 0, one for each physical core",
              "a whole number from 0 to 4096"},
              [](BenchOptions& o, const OptionSpec& row, Values v) {
                o.threads = number<int>(row, v[0], 0, kMaxThreads);
              },
              [](const BenchOptions& o) { return unless_default(o.threads, BenchOptions{}.threads); }},
    BenchOptionRow{{option::kSeed, "N", Arity::kOne, kAnywhere, 0,
              "seed of the operands and of the order of kernels; default: 0",
              "a whole number from 0 to 18446744073709551615"},
              [](BenchOptions& o, const OptionSpec& row, Values v) {
                o.seed = number<std::uint64_t>(row, v[0], 0,
                                               std::numeric_limits<std::uint64_t>::max());
              },
              [](const BenchOptions& o) { return unless_default(o.seed, BenchOptions{}.seed); }},
    BenchOptionRow{{option::kOutputDir, "DIR", Arity::kOne, kAnywhere, 0,
              "where the .jsonl, .csv and .pkl go; default: the current directory",
              "a directory, or a path where one can be made"}, apply_output_dir, nullptr, true},
    BenchOptionRow{{option::kResume, "FILE", Arity::kOne, kAnywhere, 0,
              "go on with the .jsonl of an interrupted run of the same command line",
              "an existing .jsonl file"}, apply_resume, nullptr, true},
    BenchOptionRow{{option::kResumeAnyway, "", Arity::kFlag, kAnywhere, 0,
              "with --resume: also on another machine, build or command line", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.resume_anyway = true; }, nullptr, true},
    BenchOptionRow{{option::kHtml, "FILE", Arity::kOne, kAnywhere, 0,
              "also write a page of the results there, when the run ends",
              "a file to write, in a directory that exists, and no .jsonl"}, apply_html, nullptr, true},
    BenchOptionRow{{option::kFormat, "FORMAT", Arity::kOne, kAnywhere, 0,
              "of the results on stdout: table (default), md, csv or jsonl",
              "one of table, md, csv, jsonl"}, apply_format, nullptr, true},
    BenchOptionRow{{option::kSearch, "HOW", Arity::kOne, kAnywhere, 0,
              "of algorithms: shortlists (default), exhaustive, or both and compared",
              "one of shortlists, exhaustive, both"}, apply_search, nullptr, true},
    BenchOptionRow{{option::kNoTuning, "", Arity::kFlag, kAnywhere, 0,
              "search anew: winners in the tuning file are neither read nor written", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.no_tuning = true; }, nullptr, true},
    BenchOptionRow{{option::kWide, "", Arity::kFlag, kAnywhere, 0,
              "all columns and all rows on a terminal, as pipes and files have them", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.wide = true; }, nullptr, true},
    BenchOptionRow{{option::kDryRun, "", Arity::kFlag, kAnywhere, 0,
              "print each case, its memory need and a line that runs it; run nothing", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.dry_run = true; }, nullptr, true},
    BenchOptionRow{{option::kQuiet, "", Arity::kFlag, kAnywhere, 0,
              "no progress and no file names on stderr", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.quiet = true; }, nullptr, true},
    BenchOptionRow{{option::kInProcess, "", Arity::kFlag, kAnywhere, 0,
              "measure in this process, for debuggers; a hang or a crash ends the run", ""},
              [](BenchOptions& o, const OptionSpec&, Values) { o.in_process = true; }, nullptr, true},
};
// clang-format on

}  // namespace

std::span<const BenchOptionRow> bench_option_rows() { return kRows; }

std::vector<OptionSpec> bench_option_specs() { return {kRows.begin(), kRows.end()}; }

BenchOptions apply_options(const CommandLine& line) {
  BenchOptions options;
  options.known_models = workload::builtin_models();
  for (const workload::Model& model : options.known_models) {
    if (model.by_default) options.models.push_back(model.name);
  }
  for (const GivenOption& given : line.options) {
    const auto row = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const OptionSpec& spec) { return spec.name == given.name; });
    row->apply(options, *row, given.values);
  }
  return options;
}

}  // namespace twofour::app
