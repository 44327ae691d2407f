#include "report/floor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace twofour::report {
namespace {

std::optional<std::size_t> regime_of(const Record& r) {
  for (std::size_t i = 0; i < kSizeClasses.size(); ++i) {
    if (kSizeClasses[i].holds(r.problem.shape.m)) return i;
  }
  return std::nullopt;
}

bool decided(const Record& r) {
  return is_sparse(r.problem.sparsity) && r.vs_dense && r.vs_dense->value > 0 &&
         (r.vs_dense->verdict == Verdict::kWin || r.vs_dense->verdict == Verdict::kLoss);
}

/// INCONCLUSIVE although its interval excludes 1: only a floor does that.
bool taken_away(const Record& r) {
  if (!is_sparse(r.problem.sparsity) || !r.vs_dense) return false;
  const Interval& ends = r.vs_dense->interval;
  return r.vs_dense->verdict == Verdict::kInconclusive && is_known(ends) &&
         (ends.low > 1 || ends.high < 1);
}

}  // namespace

Floors floors_of(std::span<const Record> records) {
  Floors floors;
  for (const Record& r : records) {
    if (!is_twin(r) || !r.vs_dense || !is_known(r.vs_dense->interval)) continue;
    const std::optional<std::size_t> regime = regime_of(r);
    if (!regime || !(r.vs_dense->value > 0)) continue;
    std::optional<Floor>& floor = floors[*regime];
    if (!floor) floor.emplace();
    floor->log_ratio = std::max(floor->log_ratio, std::fabs(std::log(r.vs_dense->value)));
    ++floor->pairs;
  }
  return floors;
}

void apply_floors(std::vector<Record>& records) {
  const Floors floors = floors_of(records);
  for (Record& r : records) {
    const std::optional<std::size_t> regime = regime_of(r);
    if (!decided(r) || !regime || !floors[*regime]) continue;
    if (std::fabs(std::log(r.vs_dense->value)) <= floors[*regime]->log_ratio) {
      r.vs_dense->verdict = Verdict::kInconclusive;
    }
  }
}

std::string floor_sentence(std::span<const Record> records) {
  const Floors floors = floors_of(records);
  std::vector<std::string> regimes;
  for (std::size_t i = 0; i < floors.size(); ++i) {
    if (!floors[i]) continue;
    regimes.push_back(fmt::format("{:.1f} % at {} ({} {})", 100 * std::expm1(floors[i]->log_ratio),
                                  kSizeClasses[i].title, floors[i]->pairs,
                                  floors[i]->pairs == 1 ? "pair" : "pairs"));
  }
  if (regimes.empty()) return {};
  std::string text = fmt::format("Equal kernels differed by up to {}", fmt::join(regimes, ", "));
  const auto lost = std::count_if(records.begin(), records.end(), taken_away);
  if (lost > 0) {
    text += fmt::format("; {} {} within that {} INCONCLUSIVE", lost,
                        lost == 1 ? "verdict" : "verdicts", lost == 1 ? "is" : "are");
  }
  return text + ".";
}

}  // namespace twofour::report
