#include "comparisons.h"

#include <cstdint>

#include "compare/change_fields.h"
#include "compare/formats.h"
#include "records.h"
#include "report/describe.h"

namespace twofour::golden {
namespace {

/// 24 times about `median_s`, within 0.4 % of it; they do not follow one another.
std::vector<double> times(double median_s, std::uint32_t seed) {
  std::vector<double> values;
  constexpr int kCount = 24;
  constexpr double kSpread = 0.004;
  for (int i = 0; i < kCount; ++i) {
    seed = seed * 1664525U + 1013904223U;  // Knuth, TAOCP 2, 3.3.4
    values.push_back(median_s * (1 + kSpread * (static_cast<double>(seed >> 8U) / 0x800000 - 1)));
  }
  return values;
}

Record row(int case_index, std::int64_t m, bool sparse, double median_s, std::uint32_t seed) {
  Record r;
  r.mode = BenchMode::kModel;
  r.case_index = case_index;
  r.model = "lab/small";
  r.layer = "qkv";
  r.problem.shape = {.m = m, .n = 6144, .k = 4096};
  r.problem.sparsity = sparse ? Sparsity::kTwoFour : Sparsity::kDense;
  r.kernel = sparse ? "cpu_i8_i8_bf16_scaled_sparse_mm" : "cpu_i8_i8_bf16_scaled_mm";
  r.baseline = "cpu_i8_i8_bf16_scaled_mm";
  r.provider = "cpu";
  r.algorithm = "tile 16x64";
  r.architecture = "avx512";
  r.device = DeviceId{.name = "Invented CPU"};
  r.cache.method = CacheMethod::kRotate;
  r.clocks.core_mhz = 3100;
  r.samples = Samples{.device_s = times(median_s, seed), .host_s = {}, .launches_per_sample = 20};
  return r;
}

Record lost(Record r, OutcomeKind kind, const char* reason) {
  r.outcome = {kind, reason};
  r.samples.reset();
  return r;
}

report::Run of(const char* source, const char* commit, std::vector<Record> records) {
  report::Run run{.source = source, .environment = environment(), .records = std::move(records)};
  run.environment.git_commit = commit;
  return run;
}

compare::Comparison comparison() {
  std::vector<Record> before;
  std::vector<Record> after;
  const auto add = [&](int index, std::int64_t m, double dense, double sparse) {
    const auto seed = static_cast<std::uint32_t>(index) * 4;
    for (const bool is_sparse : {false, true}) {
      const double median_s = is_sparse ? 1e-4 : 1.5e-4;
      before.push_back(row(index, m, is_sparse, median_s, seed + (is_sparse ? 1 : 0)));
      after.push_back(row(index, m, is_sparse, median_s * (is_sparse ? sparse : dense),
                          seed + (is_sparse ? 3 : 2)));
    }
  };
  add(0, 1, 1, 1);
  add(1, 16, 1, 1.1);
  add(2, 128, 0.9, 0.9);
  add(3, 1024, 1, 1.02);
  after.back().algorithm = "tile 8x32 | \"new\"";
  after.back().clocks.core_mhz = 3038;
  before.push_back(row(4, 2048, true, 1e-3, 31));
  after.push_back(lost(row(4, 2048, true, 1e-3, 32), OutcomeKind::kIncorrect,
                       "1 of 12582912 elements is wrong:\nD[0, 7] = 3, not 5"));
  before.push_back(lost(row(5, 3072, true, 1e-3, 33), OutcomeKind::kFailed, "status 7"));
  after.push_back(row(5, 3072, true, 1e-3, 34));
  before.push_back(row(6, 4096, true, 1e-3, 35));
  after.push_back(row(7, 5120, true, 1e-3, 36));
  before.push_back(row(8, 6144, false, 1e-3, 37));
  after.push_back(row(8, 6144, false, 1e-3, 38));
  after.back().seed = 7;
  before.push_back(lost(row(9, 7168, false, 1e-3, 39), OutcomeKind::kNotBuilt, "needs CUDA 13"));
  after.push_back(before.back());
  return compare::compare(std::vector{of("old.jsonl", "0123456789ab", std::move(before))},
                          std::vector{of("new.jsonl", "ba9876543210", std::move(after))}, {});
}

}  // namespace

std::vector<std::string> comparison_names() {
  return {"compare.txt", "compare-80.txt", "compare.md", "compare.csv", "compare.jsonl"};
}

std::string comparison_rendering(std::string_view name) {
  const auto shown = [](std::string_view format, const report::Display& display) {
    return compare::document(*compare::find_format(format), comparison(), display);
  };
  if (name == "compare.txt") return shown("table", {});
  if (name == "compare-80.txt") return shown("table", {.width = 80});
  if (name == "compare.md") return shown("md", {});
  if (name == "compare.csv") return shown("csv", {});
  if (name == "compare.jsonl") return shown("jsonl", {});
  return {};
}

std::string change_members() {
  return report::fields_markdown(report::list_of(compare::change_fields()));
}

}  // namespace twofour::golden
