// What follows from checked options: the cases, and the command line that measures one again.
#include <fmt/format.h>

#include <algorithm>

#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options.h"
#include "app/options_table.h"
#include "app/options_values.h"
#include "report/shell_text.h"

namespace twofour::app {

std::vector<workload::Case> make_cases(const BenchOptions& options) {
  switch (options.mode) {
    case BenchMode::kSquare:
      return workload::square_cases(options.sweep);
    case BenchMode::kRange:
      return workload::range_cases(options.sweep, options.fixed);
    case BenchMode::kModel: {
      std::vector<workload::Model> chosen;
      for (const std::string& name : options.models) {
        const auto model = std::find_if(options.known_models.begin(), options.known_models.end(),
                                        [&](const workload::Model& m) { return m.name == name; });
        if (model != options.known_models.end()) chosen.push_back(*model);
      }
      auto cases = workload::model_cases(chosen, options.batch_sizes, options.tp_sizes);
      skip_without_weights(options, cases);
      return cases;
    }
  }
  return {};
}

std::vector<int> own_cases(const BenchOptions& options, std::span<const workload::Case> cases) {
  return run::cases_of(options.shard.value_or(run::Shard{}), cases);
}

std::string repro_prefix(const BenchOptions& options) {
  std::string line = "twofour";
  for (const BenchOptionRow& row : bench_option_rows()) {
    if (row.repro == nullptr) continue;
    const std::string value = row.repro(options);
    if (!value.empty()) line += fmt::format(" {} {}", row.name, report::shell_quoted(value));
  }
  return line;
}

std::function<std::string(const GemmShape&)> repro_lines(const BenchOptions& options) {
  const std::string sweep =
      fmt::format("{} {} {} 1 {} 2 {} 1", repro_prefix(options), to_string(BenchMode::kRange),
                  option::kDimStart, option::kDimEnd, option::kDimIncrement);
  return [sweep](const GemmShape& shape) {
    return fmt::format("{} {} {} {} {} {} {}", sweep, option::kMConstant, shape.m,
                       option::kKConstant, shape.k, option::kNConstant, shape.n);
  };
}

}  // namespace twofour::app
