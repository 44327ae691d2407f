#include "report/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "report/answer.h"
#include "report/columns.h"
#include "report/numbers.h"
#include "report/pattern_text.h"
#include "report/printable.h"

namespace twofour::report {
namespace {

constexpr std::size_t kMostOfAReason = 80;

bool is_sparse(const Record& r) { return is_sparse(r.problem.sparsity); }

/// NaN, and a row without a measurement, are never the fastest.
bool has_time(const Record& r) {
  return r.outcome.measured() && r.summary && r.summary->median_s > 0 &&
         std::isfinite(r.summary->median_s);
}

double median_s(const Record& r) { return r.summary->median_s; }

std::string median_us(const Record* r) {
  return r == nullptr ? "" : short_number(median_s(*r) * 1e6);
}

bool faster(const Record& r, const Record* than) {
  return has_time(r) && (than == nullptr || median_s(r) < median_s(*than));
}

/// By ratio, as the answer judges: a ratio is paired, a median is not.
bool better_sparse(const Record& r, const Record* than) {
  if (!has_time(r)) return false;
  if (than == nullptr) return true;
  if (!r.vs_dense || !than->vs_dense) return r.vs_dense && !than->vs_dense;
  return r.vs_dense->value > than->vs_dense->value;
}

std::string problem_key(const Record& r) {
  GemmProblem problem = r.problem;
  problem.sparsity = Sparsity::kDense;
  return fmt::format("{} {} {}", r.case_index, to_string(problem), to_string(r.cache.mode));
}

/// What must be known of the 2:4 time, or why there is none.
std::string notes_of(const Problem& problem) {
  if (problem.sparse != nullptr) return notes_text(*problem.sparse);
  for (const Record* r : problem.rows) {
    if (!is_sparse(*r)) continue;
    const std::string why = no_result(*r);
    return why.empty() ? "no time" : cut_end(printable(why), kMostOfAReason);
  }
  return {};
}

const Record* fastest_of(const Problem& problem, const std::string& provider, bool sparse) {
  const Record* fastest = nullptr;
  for (const Record* r : problem.rows) {
    if (r->provider == provider && is_sparse(*r) == sparse && faster(*r, fastest)) fastest = r;
  }
  return fastest;
}

/// The providers with a time, in order of appearance.
std::vector<std::string> providers_of(std::span<const Problem> problems, bool sparse) {
  std::vector<std::string> names;
  for (const Problem& problem : problems) {
    for (const Record* r : problem.rows) {
      if (is_sparse(*r) != sparse || !has_time(*r)) continue;
      if (std::find(names.begin(), names.end(), r->provider) == names.end()) {
        names.push_back(r->provider);
      }
    }
  }
  return names;
}

/// Time of the fastest 2:4 kernel of the others over that of `provider`: above 1 it is ahead.
std::optional<double> lead(const Problem& problem, const std::string& provider) {
  const Record* const own = fastest_of(problem, provider, true);
  const Record* other = nullptr;
  for (const Record* r : problem.rows) {
    if (is_sparse(*r) && r->provider != provider && faster(*r, other)) other = r;
  }
  if (own == nullptr || other == nullptr) return std::nullopt;
  return median_s(*other) / median_s(*own);
}

std::string mean_text(const std::vector<double>& ratios) {
  if (ratios.empty()) return {};
  double logs = 0;
  for (const double ratio : ratios) logs += std::log(ratio);
  return times(std::exp(logs / static_cast<double>(ratios.size())));
}

}  // namespace

std::vector<Problem> problems(std::span<const Record> records) {
  std::vector<const Record*> pointers;
  pointers.reserve(records.size());
  for (const Record& record : records) pointers.push_back(&record);
  return problems(pointers);
}

std::vector<Problem> problems(std::span<const Record* const> records) {
  std::vector<Problem> found;
  std::map<std::string, std::size_t> place;
  for (const Record* const record : records) {
    const Record& r = *record;
    if (is_twin(r)) continue;
    const auto [at, is_new] = place.try_emplace(problem_key(r), found.size());
    if (is_new) found.emplace_back();
    Problem& problem = found[at->second];
    problem.rows.push_back(&r);
    if (!is_sparse(r) && faster(r, problem.dense)) problem.dense = &r;
    if (is_sparse(r) && better_sparse(r, problem.sparse)) problem.sparse = &r;
  }
  const auto asks = [](const Problem& problem) {
    return std::any_of(problem.rows.begin(), problem.rows.end(),
                       [](const Record* r) { return is_sparse(*r); });
  };
  if (std::any_of(found.begin(), found.end(), asks)) {
    std::erase_if(found, [&](const Problem& problem) { return !asks(problem); });
  }
  return found;
}

std::string shared_key(const Problem& problem) {
  const Record& r = problem.any();
  GemmProblem dense = r.problem;
  dense.sparsity = Sparsity::kDense;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", info(r.dtype).cli_name, r.model, r.layer,
                     r.tensor_parallel, to_string(dense), to_string(r.pattern),
                     to_string(r.cache.mode));
}

Sparsity pattern_of(std::span<const Problem> problems) {
  return problems.empty() ? Sparsity::kTwoFour : problems.front().any().pattern;
}

Variety variety_of(std::span<const Problem> problems) {
  const auto differ = [&](auto value_of) {
    std::set<decltype(value_of(problems.front().any()))> values;
    for (const Problem& problem : problems) values.insert(value_of(problem.any()));
    return values.size() > 1;
  };
  if (problems.empty()) return {};
  return {.d_type = differ([](const Record& r) { return r.problem.d; }),
          .scales = differ([](const Record& r) { return to_string(r.problem.scales); }),
          .bias = differ([](const Record& r) { return r.problem.bias; }),
          .cache = differ([](const Record& r) { return r.cache.mode; })};
}

std::string variety_text(const Record& record, const Variety& variety) {
  std::string text;
  if (variety.d_type) text += fmt::format(", {} out", info(record.problem.d).cli_name);
  if (variety.scales) text += fmt::format(", {} scales", to_string(record.problem.scales));
  if (variety.bias && record.problem.bias) text += ", bias";
  if (variety.cache) text += fmt::format(", {}", to_string(record.cache.mode));
  return text;
}

std::string problem_name(const Record& record, const Variety& variety) {
  const std::string shape = mkn(record.problem.shape) + variety_text(record, variety);
  return record.layer.empty() ? shape : record.layer + " " + shape;
}

Grid best_table(std::span<const Problem> problems) {
  const Sparsity pattern = pattern_of(problems);
  Grid grid;
  grid.headings = {{.text = "MxKxN"},
                   {.text = "fastest dense"},
                   {.text = "us", .align = Align::kRight},
                   {.text = of_pattern("best 2:4", pattern)},
                   {.text = "us", .align = Align::kRight},
                   {.text = of_pattern("2:4 vs dense [95% CI]", pattern), .align = Align::kRight},
                   {.text = "verdict", .toned = true},
                   {.text = "notes"}};
  const Variety variety = variety_of(problems);
  for (const Problem& problem : problems) {
    const Record* const sparse = problem.sparse;
    Grid::Row row;
    row.cells = {problem_name(problem.any(), variety),
                 problem.dense == nullptr ? "" : problem.dense->kernel,
                 median_us(problem.dense),
                 sparse == nullptr ? "" : sparse->kernel,
                 median_us(sparse),
                 sparse == nullptr ? "" : vs_dense_text(*sparse),
                 sparse == nullptr ? "" : verdict_text(*sparse),
                 notes_of(problem)};
    if (sparse != nullptr) row.tone = tone_of(*sparse);
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

Grid algorithm_table(std::span<const Problem> problems) {
  Grid grid;
  grid.headings = {{.text = "MxKxN"},
                   {.text = "fastest dense ran"},
                   {.text = of_pattern("best 2:4 ran", pattern_of(problems))}};
  const Variety variety = variety_of(problems);
  const auto ran = [](const Record* r) {
    if (r == nullptr) return std::string();
    return r->algorithm.empty() ? r->provider.str()
                                : fmt::format("{} {}", r->provider, r->algorithm);
  };
  for (const Problem& problem : problems) {
    grid.rows.push_back(
        {.cells = {problem_name(problem.any(), variety), ran(problem.dense), ran(problem.sparse)}});
  }
  return grid;
}

Grid library_table(std::span<const Problem> problems) {
  Grid grid;
  grid.headings = {{.text = "MxKxN"}};
  const Variety variety = variety_of(problems);
  std::vector<std::pair<std::string, bool>> columns;
  for (const bool sparse : {false, true}) {
    for (const std::string& provider : providers_of(problems, sparse)) {
      columns.emplace_back(provider, sparse);
      grid.headings.push_back(
          {.text =
               fmt::format("{} {}", provider, sparse ? to_string(pattern_of(problems)) : "dense"),
           .align = Align::kRight});
    }
  }
  for (const Problem& problem : problems) {
    Grid::Row row{.cells = {problem_name(problem.any(), variety)}};
    for (const auto& [provider, sparse] : columns) {
      row.cells.push_back(median_us(fastest_of(problem, provider, sparse)));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

Grid library_means(std::span<const Problem> problems) {
  Grid grid;
  grid.headings = {{.text = of_pattern("2:4 kernels of", pattern_of(problems))},
                   {.text = "ahead in", .align = Align::kRight},
                   {.text = "all M", .align = Align::kRight}};
  for (const SizeClass& size : kSizeClasses) {
    grid.headings.push_back({.text = std::string(size.title), .align = Align::kRight});
  }
  grid.headings.push_back({.text = "lowest", .align = Align::kRight});
  grid.headings.push_back({.text = "highest", .align = Align::kRight});
  for (const std::string& provider : providers_of(problems, true)) {
    std::vector<double> all;
    std::array<std::vector<double>, kSizeClasses.size()> by_size;
    for (const Problem& problem : problems) {
      const std::optional<double> ratio = lead(problem, provider);
      if (!ratio) continue;
      all.push_back(*ratio);
      for (std::size_t i = 0; i < kSizeClasses.size(); ++i) {
        if (kSizeClasses[i].holds(problem.any().problem.shape.m)) by_size[i].push_back(*ratio);
      }
    }
    if (all.empty()) continue;
    const auto ahead = std::count_if(all.begin(), all.end(), [](double r) { return r > 1; });
    Grid::Row row{.cells = {provider, fmt::format("{} of {}", ahead, all.size()), mean_text(all)}};
    for (const std::vector<double>& ratios : by_size) row.cells.push_back(mean_text(ratios));
    const auto [lowest, highest] = std::minmax_element(all.begin(), all.end());
    row.cells.push_back(times(*lowest));
    row.cells.push_back(times(*highest));
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

}  // namespace twofour::report
