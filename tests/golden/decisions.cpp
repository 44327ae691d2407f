#include "decisions.h"

#include <cmath>
#include <random>

#include "decide/formats.h"
#include "measure/statistics.h"
#include "records.h"
#include "report/formats.h"

namespace twofour::golden {
namespace {

constexpr int kRounds = 40;

decide::Question question() {
  return {.traffic = {{"decode", 64, 0.9}, {"prefill", 2048, 0.1}}, .linear_share = std::nullopt};
}

Record row(const InventedCase& c, int case_index, Sparsity sparsity) {
  const bool sparse = sparsity == Sparsity::kTwoFour;
  Record r;
  r.mode = BenchMode::kModel;
  r.case_index = case_index;
  r.problem = {.shape = {.m = c.m, .n = c.n, .k = c.k}, .sparsity = sparsity};
  r.executed = r.problem.shape;
  r.model = "lab/model";
  r.layer = c.layer;
  r.instances = c.count;
  if (c.part_of_pass) {
    r.tokens = c.m;
    r.calls = c.count;
  }
  r.device = environment().device.id;
  r.provider = sparse ? "cpu" : "onednn";
  r.provider_version = "1";
  r.kernel = sparse ? "cpu_i8_i8_bf16_scaled_sparse_mm" : "onednn_i8_i8_bf16_scaled_mm";
  r.algorithm = "one";
  r.architecture = "avx512";
  r.phases = {.operands_s = 0.4,
              .reference_s = 0.1,
              .prepare_s = sparse ? 0.05 : 0.01,
              .plan_s = 0.002,
              .verify_s = 0.01,
              .measure_s = 1};
  r.cache = {.method = CacheMethod::kRotate,
             .copies = 4,
             .bytes_per_copy = static_cast<std::size_t>(
                 weight_bytes(r.problem.shape, r.problem.b, sparsity) * 1.01)};
  r.accuracy = Accuracy{.share_checked = 1, .exact = true};
  r.repro = "twofour --dtype int8 range_bench";
  return r;
}

void time(Record& r, std::vector<double> seconds) {
  r.samples = Samples{.device_s = seconds, .host_s = seconds, .launches_per_sample = 10};
  r.summary = measure::summarise(*r.samples);
}

}  // namespace

std::vector<Record> rows_of(const InventedCase& c, int case_index) {
  std::mt19937_64 random(c.seed + static_cast<std::uint64_t>(case_index));
  std::normal_distribution<double> normal;
  std::vector<double> dense_s;
  std::vector<double> sparse_s;
  for (int i = 0; i < kRounds; ++i) {
    const double slow = std::exp(0.02 * normal(random));
    dense_s.push_back(c.dense_s * slow * std::exp(0.01 * normal(random)));
    sparse_s.push_back(c.dense_s / c.ratio * slow * std::exp(0.01 * normal(random)));
  }
  Record dense = row(c, case_index, Sparsity::kDense);
  Record sparse = row(c, case_index, Sparsity::kTwoFour);
  time(dense, dense_s);
  time(sparse, sparse_s);
  sparse.baseline = dense.kernel;
  sparse.vs_dense = measure::compare(dense_s, sparse_s);
  return {dense, sparse};
}

report::Run decision_run() {
  const InventedCase cases[] = {
      {"qkv", 4096, 6144, 1, 300e-6, 1.5},           {"o", 4096, 4096, 1, 200e-6, 1.4},
      {"gate_up", 4096, 28672, 1, 1.4e-3, 1.6},      {"down", 14336, 4096, 1, 700e-6, 1.55},
      {"qkv", 4096, 6144, 64, 700e-6, 1.2},          {"o", 4096, 4096, 64, 500e-6, 1.0},
      {"gate_up", 4096, 28672, 64, 3e-3, 1.3},       {"down", 14336, 4096, 64, 1.5e-3, 0.9},
      {"qkv", 4096, 6144, 2048, 20e-3, 0.8},         {"o", 4096, 4096, 2048, 14e-3, 0.8},
      {"gate_up", 4096, 28672, 2048, 90e-3, 1.1},    {"down", 14336, 4096, 2048, 45e-3, 0.7},
      {"qkv", 4096, 6144, 360, 4e-3, 1.1, 32, false}};
  report::Run run{.source = "run.jsonl", .environment = environment(), .records = {}};
  int index = 0;
  for (const InventedCase& c : cases) {
    std::vector<Record> rows = rows_of(c, index++);
    if (c.layer == "o" && c.m == 2048) {
      Record& sparse = rows.back();
      sparse.outcome = {OutcomeKind::kUnsupported, "M is above 1024"};
      sparse.accuracy.reset();
      sparse.samples.reset();
      sparse.summary.reset();
      sparse.vs_dense.reset();
      sparse.baseline.clear();
    }
    if (c.layer == "qkv" && c.m == 1) rows.back().flags = {Flag::kWeakBaseline};
    run.records.insert(run.records.end(), rows.begin(), rows.end());
  }
  return run;
}

std::string decision_rendering(std::string_view name) {
  const report::Run run = decision_run();
  const std::span<const report::Run> runs{&run, 1};
  if (name == "decision.txt") return decide::table(runs, question(), {}, decide::Length::kWhole);
  if (name == "decision.md") return decide::markdown(runs, question(), 16000);
  if (name == "decision.html") return decide::html_document(runs, question());
  if (name == "decision.jsonl") return report::jsonl_document(runs);
  if (name == "dispatch.json") return decide::dispatch_document(runs);
  return {};
}

}  // namespace twofour::golden
