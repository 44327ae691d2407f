#include "records.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <stdexcept>
#include <utility>

#include "compare/change_fields.h"
#include "comparisons.h"
#include "decide/dispatch.h"
#include "decide/formats.h"
#include "decisions.h"
#include "report/describe.h"
#include "report/formats.h"
#include "report/report.h"

namespace twofour::golden {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Times around `median_s`, as many as an interval needs.
void measure(Record& r, double median_s) {
  Samples samples;
  samples.launches_per_sample = 20;
  for (const double factor : {1.0, 0.99, 1.03, 1.0, 1.0, 0.99, 1.03, 1.0}) {
    samples.device_s.push_back(factor * median_s);
  }
  samples.host_s = samples.device_s;
  r.samples = samples;
  r.summary = Summary{.median_s = median_s,
                      .median_interval_s = {0.99 * median_s, 1.03 * median_s},
                      .mean_s = 1.005 * median_s,
                      .std_s = 0.0125 * median_s,
                      .min_s = 0.99 * median_s,
                      .host_median_s = median_s,
                      .samples = 8};
  r.phases.measure_s = 0.25;
  r.clocks = {.core_mhz = 3100, .power_w = 150.5};
}

Ratio ratio(double value, double half_width, Verdict verdict) {
  return {value, {value - half_width, value + half_width}, verdict};
}

Record row(int case_index, std::int64_t m, std::string kernel, bool sparse) {
  Record r;
  r.mode = BenchMode::kRange;
  r.case_index = case_index;
  r.problem.shape = {.m = m, .n = 4096, .k = 2048};
  r.problem.sparsity = sparse ? Sparsity::kTwoFour : Sparsity::kDense;
  r.problem.bias = kernel.ends_with("_bias");
  r.executed = r.problem.shape;
  r.provider = kernel.substr(0, kernel.find('_'));
  r.provider_version = "1.0";
  r.device = DeviceId{.name = "Invented CPU"};
  r.kernel = std::move(kernel);
  r.algorithm = "tile 16x64";
  r.architecture = "avx512";
  r.cache = {CacheMode::kCold, CacheMethod::kRotate, 9, 8388608, 33554432, Residency::kFits};
  r.phases = {.operands_s = 0.5, .reference_s = 0.125, .prepare_s = 0.0625, .verify_s = 0.03125};
  r.accuracy = Accuracy{.share_checked = 1, .exact = true};
  r.read_roof_bytes_per_s = 2.5e10;
  r.seed = 18446744073709551615U;
  r.repro = "twofour --dtype int8 --seed 18446744073709551615 range_bench --m-constant " +
            std::to_string(m);
  return r;
}

Record bf16_row(int case_index, std::int64_t m, double median_s) {
  Record r = row(case_index, m, "cpu_bf16_bf16_bf16_matmul-no-scales", false);
  r.problem.a = r.problem.b = DataType::kBf16;
  r.problem.scales = {ScaleGranularity::kNone, ScaleGranularity::kNone};
  r.accuracy = Accuracy{.max_error = 0.25, .max_error_ratio = 0.03125, .share_checked = 0.125};
  measure(r, median_s);
  r.baseline = r.bf16_baseline = r.kernel;
  return r;
}

Record dense_row(int case_index, std::int64_t m, const std::string& ending, double median_s) {
  Record r = row(case_index, m, "cpu_i8_i8_bf16_scaled_mm" + ending, false);
  measure(r, median_s);
  r.baseline = r.kernel;
  r.bf16_baseline = "cpu_bf16_bf16_bf16_matmul-no-scales";
  r.vs_bf16 = ratio(2.0, 0.01, Verdict::kWin);
  return r;
}

Record sparse_row(int case_index, std::int64_t m, const std::string& ending, double median_s,
                  Ratio vs_dense) {
  Record r = row(case_index, m, "cpu_i8_i8_bf16_scaled_sparse_mm" + ending, true);
  measure(r, median_s);
  r.baseline = "cpu_i8_i8_bf16_scaled_mm" + ending;
  r.vs_dense = vs_dense;
  r.bf16_baseline = "cpu_bf16_bf16_bf16_matmul-no-scales";
  r.vs_bf16 = ratio(2.5, 0.02, Verdict::kWin);
  return r;
}

/// A row without a time.
Record without_result(Record r, OutcomeKind kind, std::string reason) {
  r.outcome = {kind, std::move(reason)};
  r.accuracy.reset();
  r.executed = {};
  r.cache = {};
  return r;
}

std::vector<Record> small_case() {
  std::vector<Record> records{bf16_row(0, 64, 4e-4), dense_row(0, 64, "", 2e-4),
                              dense_row(0, 64, "_bias", 2.125e-4)};
  records.push_back(sparse_row(0, 64, "", 1.5e-4, ratio(1.3333, 0.0121, Verdict::kWin)));
  records.push_back(sparse_row(0, 64, "_bias", 1.0625e-4, ratio(2.0, 0.03, Verdict::kWin)));
  records.back().flags = {Flag::kWeakBaseline};
  records.front().executed.m = 128;
  return records;
}

std::vector<Record> large_case() {
  std::vector<Record> records{dense_row(1, 1024, "", 2e-3), dense_row(1, 1024, "_bias", 2e-3)};
  records.push_back(sparse_row(1, 1024, "", 2.5e-3, ratio(0.8, 0.004, Verdict::kLoss)));
  records.push_back(sparse_row(1, 1024, "_bias", 2e-3, ratio(1.0, 0.06, Verdict::kInconclusive)));
  records.back().outcome = {OutcomeKind::kUnstable,
                            "the time for sampling was over before the requested precision"};
  records.back().flags = {Flag::kNotCold};
  records.back().cache.method = CacheMethod::kNone;
  Record wrong = row(1, 1024, "other_i8_i8_bf16_scaled_sparse_mm", true);
  wrong.outcome = {OutcomeKind::kIncorrect, "1 of 4194304 elements is wrong:\nD[0, 7] = 3, not 5"};
  wrong.accuracy = Accuracy{2, 4, 1, true};
  records.push_back(std::move(wrong));
  records.push_back(without_result(row(1, 1024, "other_i8_i8_bf16_scaled_mm", false),
                                   OutcomeKind::kFailed, "status 7, \"not | initialized\""));
  records.push_back(without_result(row(1, 1024, "narrow_i8_i8_bf16_scaled_mm", false),
                                   OutcomeKind::kUnsupported, "K = 2048 must be at most 1024"));
  records.push_back(without_result(row(1, 1024, "cutlass_i8_i8_bf16_scaled_mm", false),
                                   OutcomeKind::kNotBuilt, "needs CUDA 13"));
  return records;
}

std::vector<Record> odd_case() {
  std::vector<Record> records;
  records.push_back(without_result(row(2, 4096, "cpu_i8_i8_bf16_scaled_mm", false),
                                   OutcomeKind::kSkipped, "needs 9.25 GiB, 3.50 GiB are free"));
  Record nan = sparse_row(2, 4096, "", kNan, ratio(kNan, kNan, Verdict::kInconclusive));
  nan.accuracy = Accuracy{kNan, std::numeric_limits<double>::infinity(), 0.9999, false};
  nan.clocks = {.core_mhz = 3000,
                .memory_mhz = 6000,
                .power_w = 99.5,
                .temperature_c = 71,
                .throttle_reasons = "power cap",
                .quota_throttled_share = 0.5};
  records.push_back(std::move(nan));
  return records;
}

Record model_row(int case_index, const std::string& model, const std::string& layer, int tp,
                 GemmShape shape, bool sparse) {
  Record r =
      row(case_index, shape.m,
          sparse ? "cpu_fp8_fp8_bf16_scaled_sparse_mm" : "cpu_fp8_fp8_bf16_scaled_mm", sparse);
  r.mode = BenchMode::kModel;
  r.dtype = r.problem.a = r.problem.b = DataType::kFp8E4m3;
  r.problem.shape = r.executed = shape;
  r.problem.scales = {ScaleGranularity::kVector, ScaleGranularity::kVector};
  r.model = model;
  r.layer = layer;
  r.tensor_parallel = tp;
  r.tokens = r.problem.shape.m;
  r.instances = r.calls = 32;
  r.baseline = "cpu_fp8_fp8_bf16_scaled_mm";
  r.accuracy = Accuracy{.max_error = 1,
                        .max_error_ratio = 0.5,
                        .share_checked = 0.1,
                        .accumulation = Accumulation::kOutputParts};
  return r;
}

/// Dense and 2:4, cold and hot, with the ratios given.
void append_model_case(std::vector<Record>& records, const std::string& model,
                       const std::string& layer, int tp, GemmShape shape, Ratio cold, Ratio hot) {
  const int case_index = records.empty() ? 0 : records.back().case_index + 1;
  for (const CacheMode mode : {CacheMode::kCold, CacheMode::kHot}) {
    for (const bool sparse : {false, true}) {
      Record r = model_row(case_index, model, layer, tp, shape, sparse);
      r.cache.mode = mode;
      r.cache.residency = Residency::kCliff;
      const Ratio& vs_dense = mode == CacheMode::kCold ? cold : hot;
      measure(r, sparse ? 1e-3 / vs_dense.value : 1e-3);
      if (sparse) r.vs_dense = vs_dense;
      records.push_back(std::move(r));
    }
  }
}

std::string flags_table() {
  std::string text = "| Flag | Meaning |\n|---|---|\n";
  for (const FlagInfo& flag : kFlags) {
    text += "| `" + std::string(flag.name) + "` | " + std::string(flag.meaning);
    text += (flag.advice.empty() ? "" : "; " + std::string(flag.advice)) + " |\n";
  }
  return text;
}

constexpr const char* kFp8Results = "results/h200/llama-fp8.jsonl";
constexpr const char* kInt8Results = "results/h200/llama-int8.jsonl";
constexpr const char* kBf16Results = "results/h200/llama-bf16.jsonl";

/// What `twofour report --format md` writes of a file.
template <auto& kFile>
std::string results_section() {
  std::ifstream stream(std::string(TWOFOUR_SOURCE_DIR "/") + kFile, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(stream), {});
  return decide::document(*report::find_format("md"), report::parse_runs(kFile, bytes), {}, {});
}

report::Run run_of(std::vector<Record> records) {
  return {.source = "run.jsonl", .environment = environment(), .records = std::move(records)};
}

/// What a run shows.
std::string all_of(const std::vector<Record>& records, const report::Format& format) {
  std::map<int, std::vector<Record>> cases;
  for (const Record& r : records) cases[r.case_index].push_back(r);
  std::string text = format.opening == nullptr ? "" : format.opening(environment());
  for (const auto& [index, rows] : cases) {
    if (format.case_block != nullptr) text += format.case_block(rows);
  }
  if (format.row_by_row) return text;
  const report::Run run = run_of(records);
  return text + format.document({&run, 1});
}

/// A page without its style and its script, which have files of their own.
std::string main_of(const std::string& page) {
  const std::size_t begin = page.find("<header>");
  const std::size_t end = page.find("<script>");
  if (begin == std::string::npos || end == std::string::npos) {
    throw std::runtime_error("a page has no <header> or no <script>");
  }
  return page.substr(begin, end - begin);
}

/// What `report` writes, and what a terminal shows.
struct Report {
  std::string_view name;
  std::string (*text)();
};
constexpr std::array kReports{
    Report{"devices.txt", [] { return report::table_document(two_devices()); }},
    Report{"devices.md", [] { return report::markdown_document(two_devices()); }},
    Report{"devices.csv", [] { return report::csv_document(two_devices()); }},
    Report{"range-80-columns.txt",
           [] {
             const report::Run run = run_of(range_records());
             return report::table_document_on({&run, 1}, {.width = 80});
           }},
    Report{"range-100-columns.txt",
           [] {
             const report::Run run = run_of(range_records());
             return report::table_document_on({&run, 1}, {.width = 100});
           }},
    Report{"model-summary.txt",
           [] {
             const report::Run run = run_of(model_records());
             return report::table_summary_on({&run, 1}, {.width = 80, .height = 24});
           }},
    Report{"range.main.html",
           [] {
             const report::Run run = run_of(range_records());
             return main_of(report::html_document({&run, 1}));
           }},
    Report{"model.main.html",
           [] {
             const report::Run run = run_of(model_records());
             return main_of(report::html_document({&run, 1}));
           }},
    Report{"devices.main.html", [] { return main_of(report::html_document(two_devices())); }},
};

}  // namespace

Environment environment() {
  Environment e;
  e.twofour_version = "0.1.0";
  e.git_commit = "0123456789abcdef";
  e.build_type = "Release";
  e.compiler = "GNU 12.2.0";
  e.argv = {"twofour", "--dtype", "int8", "--output-dir", "a \"b\"\n\xff", "range_bench"};
  e.started_utc = "2026-11-24T12:00:00Z";
  e.started_unix_s = 1795521600;
  e.host_cpu = "Invented CPU";
  e.operating_system = "Debian GNU/Linux 12";
  e.load_average_1min = 0.25;
  e.seed = 18446744073709551615U;
  e.operand_distribution = "normal(0,1) x 5";
  e.device = {.id = {.kind = DeviceKind::kCpu, .name = "Invented CPU"},
              .architecture = "avx512",
              .last_level_cache_bytes = 33554432,
              .last_level_cache_source = "sysfs",
              .memory_bytes = 8589934592,
              .threads = 2,
              .details = {{"flags", "avx2 avx512f"}, {"governor", "performance"}}};
  e.roofs = {.multiply_adds_per_s = {{DataType::kInt8, 4e11}, {DataType::kBf16, kNan}},
             .sparse_multiply_adds_per_s = {},
             .read_bytes_per_s = 1.5e10};
  e.libraries = {{"onednn", "3.2"}, {"cpu", "0.1.0"}};
  e.switches = {{"CUDA_VISIBLE_DEVICES", "", false}, {"OMP_PROC_BIND", "true", true}};
  return e;
}

std::vector<Record> range_records() {
  std::vector<Record> records = small_case();
  for (auto make : {large_case, odd_case}) {
    for (Record& r : make()) records.push_back(std::move(r));
  }
  return records;
}

std::vector<Record> model_records() {
  std::vector<Record> records;
  const Ratio win = ratio(1.25, 0.01, Verdict::kWin);
  const Ratio hot_win = ratio(3.5, 0.1, Verdict::kWin);
  const Ratio tie = ratio(1.002, 0.004, Verdict::kTie);
  const Ratio loss = ratio(0.75, 0.02, Verdict::kLoss);
  append_model_case(records, "lab/small", "qkv", 1, {1, 6144, 4096}, win, hot_win);
  append_model_case(records, "lab/small", "o", 1, {1, 4096, 4096}, win, tie);
  append_model_case(records, "lab/small", "qkv", 1, {128, 6144, 4096}, tie, tie);
  append_model_case(records, "lab/large", "qkv", 1, {256, 12288, 8192}, win, hot_win);
  append_model_case(records, "lab/large", "o", 1, {256, 8192, 8192}, loss, win);
  append_model_case(records, "lab/large", "o", 2, {2048, 8192, 4096}, loss, loss);
  Record skipped =
      model_row(records.back().case_index + 1, "lab/large", "down", 2, {16, 8192, 4095}, true);
  records.push_back(without_result(std::move(skipped), OutcomeKind::kSkipped,
                                   "lab/large down: K = 4095 does not divide by the TP size 2"));
  return records;
}

std::vector<std::string> rendering_names() {
  std::vector<std::string> names{"range.txt",   "range.md",  "range.csv",
                                 "range.jsonl", "model.txt", "model.md"};
  for (const Report& report : kReports) names.emplace_back(report.name);
  for (const char* name : {"decision.txt", "decision.md", "dispatch.json"})
    names.emplace_back(name);
  for (std::string& name : comparison_names()) names.push_back(std::move(name));
  return names;
}

std::vector<report::Run> two_devices() {
  report::Run slow{
      .source = "slow.jsonl", .environment = environment(), .records = model_records()};
  report::Run fast = slow;
  fast.source = "fast.jsonl";
  fast.environment.started_unix_s += 60;
  fast.environment.device.id = {
      .kind = DeviceKind::kCuda, .ordinal = 1, .name = "Invented GPU", .uuid = "GPU-1"};
  for (Record& r : fast.records) {
    r.device = fast.environment.device.id;
    if (r.summary) r.summary->median_s /= 16;
  }
  // A later run measured the first case of the slow one again, and was stopped while it wrote.
  report::Run again{.source = "again.jsonl", .environment = environment(), .records = {}};
  again.environment.started_unix_s += 3600;
  again.records.assign(slow.records.begin(), slow.records.begin() + 4);
  again.attempts = 1;
  again.cut = true;
  return {std::move(slow), std::move(fast), std::move(again)};
}

std::vector<GeneratedFile> generated_files() {
  const std::string docs = "docs/records.md";
  const std::string end = "<!-- end -->\n";
  const std::string page = "docs/results-h200.md";
  return {
      {page, results_section<kFp8Results>, "<!-- results ../results/h200/llama-fp8.jsonl -->\n",
       end},
      {page, results_section<kInt8Results>, "<!-- results ../results/h200/llama-int8.jsonl -->\n",
       end},
      {page, results_section<kBf16Results>, "<!-- results ../results/h200/llama-bf16.jsonl -->\n",
       end},
      {"schema/record.schema.json", report::record_schema},
      {"schema/environment.schema.json", report::environment_schema},
      {docs, [] { return report::fields_markdown(report::list_of(report::record_fields())); },
       "<!-- members of a record -->\n", end},
      {docs, [] { return report::fields_markdown(report::list_of(report::environment_fields())); },
       "<!-- members of the environment -->\n", end},
      {docs, flags_table, "<!-- flags -->\n", end},
      {"schema/change.schema.json", compare::change_schema},
      {"schema/dispatch.schema.json", decide::dispatch_schema},
      {"docs/decide.md",
       [] { return report::fields_markdown(report::list_of(decide::dispatch_fields())); },
       "<!-- members of a dispatch table -->\n", end},
      {"docs/compare.md", change_members, "<!-- members of a change -->\n", end},
  };
}

std::pair<std::size_t, std::size_t> place_in(const std::string& file,
                                             const GeneratedFile& generated) {
  if (generated.begin.empty()) return {0, file.size()};
  const std::size_t begin = file.find(generated.begin);
  const std::size_t end = begin == std::string::npos ? begin : file.find(generated.end, begin);
  if (end == std::string::npos) {
    throw std::runtime_error(generated.path + " has no line " + generated.begin);
  }
  const std::size_t first = begin + generated.begin.size();
  return {first, end - first};
}

std::string rendering(std::string_view name) {
  for (const Report& report : kReports) {
    if (report.name == name) return report.text();
  }
  if (std::string text = comparison_rendering(name); !text.empty()) return text;
  if (std::string text = decision_rendering(name); !text.empty()) return text;
  const auto dot = std::min(name.find('.'), name.size());
  const std::string_view ending = name.substr(dot);
  std::vector<Record> records;
  if (name.substr(0, dot) == "range") records = range_records();
  if (name.substr(0, dot) == "model") records = model_records();
  if (name.substr(0, dot) == "hostile") records = hostile_records();
  for (const report::Format& format : report::formats()) {
    if ((!records.empty() || name == "empty.html") && format.ending == ending)
      return all_of(records, format);
  }
  throw std::invalid_argument("no rendering is called '" + std::string(name) + "'");
}

}  // namespace twofour::golden
