#include "compare_runs.h"

#include <cmath>
#include <utility>

namespace twofour::compare {

double normal(Random& random) { return std::normal_distribution<double>()(random); }
double uniform(Random& random) { return std::uniform_real_distribution<double>()(random); }

std::vector<double> times(Random& random, std::size_t count, double location, double deviation,
                          double persistence) {
  std::vector<double> values(count);
  double level = normal(random);
  for (double& value : values) {
    level = persistence * level + std::sqrt(1 - persistence * persistence) * normal(random);
    value = location * std::exp(deviation * level);
  }
  return values;
}

Record row(const std::string& kernel, std::int64_t m, std::vector<double> device_s) {
  Record r;
  r.problem.shape = {.m = m, .n = 4096, .k = 4096};
  r.kernel = kernel;
  r.provider = kernel.substr(0, kernel.find('_'));
  r.device = DeviceId{.name = "Invented CPU"};
  r.cache.method = CacheMethod::kRotate;
  if (kernel.find("sparse") != std::string::npos) r.problem.sparsity = Sparsity::kTwoFour;
  r.samples = Samples{.device_s = std::move(device_s), .host_s = {}, .launches_per_sample = 1};
  return r;
}

Record without(Record record, OutcomeKind kind, const std::string& reason) {
  record.outcome = {kind, reason};
  record.samples.reset();
  return record;
}

report::Run run(std::vector<Record> records, const std::string& source) {
  report::Run run{.source = source};
  run.environment.git_commit = "0123abcd";
  run.environment.build_type = "Release";
  run.environment.started_utc = "2026-11-24T12:00:00Z";
  run.environment.device.id.name = "Invented CPU";
  run.records = std::move(records);
  return run;
}

std::vector<Record> pair_of_rows(int case_index, std::int64_t m, std::vector<double> dense_s,
                                 std::vector<double> sparse_s) {
  std::vector<Record> rows{row("cpu_mm", m, std::move(dense_s)),
                           row("cpu_sparse_mm", m, std::move(sparse_s))};
  for (Record& r : rows) {
    r.case_index = case_index;
    r.baseline = "cpu_mm";
  }
  return rows;
}

}  // namespace twofour::compare
