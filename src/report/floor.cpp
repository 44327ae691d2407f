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

/// Whether a verdict of this regime is so near 1 that a floor could take it away.
bool floor_matters(std::span<const Record> records, std::size_t regime) {
  constexpr double kHighestFloor = 1.1;  // equal kernels were seen to differ by up to 1.07
  return std::any_of(records.begin(), records.end(), [&](const Record& r) {
    return decided(r) && kSizeClasses[regime].holds(r.problem.shape.m) &&
           std::fabs(std::log(r.vs_dense->value)) <= std::log(kHighestFloor);
  });
}

}  // namespace

void add_control(Floors& floors, const Record& record) {
  if (!is_twin(record) || !record.vs_dense || !is_known(record.vs_dense->interval)) return;
  const Ratio& ratio = *record.vs_dense;
  const std::optional<std::size_t> regime = regime_of(record);
  if (!regime || !(ratio.value > 0) || !(ratio.interval.low > 0)) return;
  Floor& floor = floors[*regime];
  const double low = std::log(ratio.interval.low);
  const double high = std::log(ratio.interval.high);
  const double value = std::log(ratio.value);
  const double reach = std::max(value - low, high - value);
  const double certain = std::max({low, -high, 0.0});
  if (reach > kPreciseLogRatio && certain <= 0) {
    ++floor.imprecise;
    return;
  }
  const double shown = reach > kPreciseLogRatio ? certain : std::fabs(value);
  floor.log_ratio = std::max(floor.log_ratio, shown);
  ++floor.pairs;
}

Floors floors_of(std::span<const Record> records) {
  Floors floors;
  for (const Record& r : records) add_control(floors, r);
  return floors;
}

std::optional<double> floor_for(const Floors& floors, const Record& record) {
  const std::optional<std::size_t> regime = regime_of(record);
  if (!regime || !floors[*regime].known()) return std::nullopt;
  return floors[*regime].log_ratio;
}

void apply_floors(std::vector<Record>& records) {
  const Floors floors = floors_of(records);
  for (Record& r : records) {
    if (!decided(r)) continue;
    const std::optional<double> floor = floor_for(floors, r);
    if (floor && std::fabs(std::log(r.vs_dense->value)) <= *floor) {
      r.vs_dense->verdict = Verdict::kInconclusive;
    }
  }
}

std::string floor_sentence(std::span<const Record> records) {
  const Floors floors = floors_of(records);
  std::vector<std::string> known;
  std::vector<std::string> imprecise;
  std::vector<std::string> without;
  for (std::size_t i = 0; i < floors.size(); ++i) {
    const std::string title(kSizeClasses[i].title);
    if (floors[i].known()) {
      known.push_back(fmt::format("{:.1f} % at {} ({} {})", 100 * std::expm1(floors[i].log_ratio),
                                  title, floors[i].pairs, floors[i].pairs == 1 ? "pair" : "pairs"));
    } else if (floor_matters(records, i)) {
      (floors[i].imprecise > 0 ? imprecise : without).push_back(title);
    }
  }
  std::vector<std::string> sentences;
  if (!known.empty()) {
    std::string text = fmt::format("Equal kernels differed by up to {}", fmt::join(known, ", "));
    const auto lost = std::count_if(records.begin(), records.end(), taken_away);
    if (lost > 0) {
      text += fmt::format("; {} {} within that {} INCONCLUSIVE", lost,
                          lost == 1 ? "verdict" : "verdicts", lost == 1 ? "is" : "are");
    }
    sentences.push_back(text + ".");
  }
  if (!imprecise.empty()) {
    sentences.push_back(
        fmt::format("What equal kernels differ by at {} is not known: the control was not precise.",
                    fmt::join(imprecise, ", ")));
  }
  if (!without.empty()) {
    sentences.push_back(
        fmt::format("No control at {}: what equal kernels differ by there is not known.",
                    fmt::join(without, ", ")));
  }
  return fmt::format("{}", fmt::join(sentences, " "));
}

}  // namespace twofour::report
