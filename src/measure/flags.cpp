#include "measure/flags.h"

#include <algorithm>

namespace twofour::measure {
namespace {

/// What is known of a problem's two roofs; both are above zero.
struct KnownRoofs {
  double multiply_adds_per_s;
  double read_bytes_per_s;
};

std::optional<KnownRoofs> known_roofs(DataType type, const Roofs& roofs) {
  const auto found = roofs.multiply_adds_per_s.find(type);
  if (found == roofs.multiply_adds_per_s.end() || !(found->second > 0)) return std::nullopt;
  if (!roofs.read_bytes_per_s || !(*roofs.read_bytes_per_s > 0)) return std::nullopt;
  return KnownRoofs{found->second, *roofs.read_bytes_per_s};
}

/// What a dense launch must at least move: the operands in, D out.
double compulsory_bytes(const GemmProblem& p) {
  const auto m = static_cast<double>(p.shape.m);
  const auto n = static_cast<double>(p.shape.n);
  const auto k = static_cast<double>(p.shape.k);
  return weight_bytes(p.shape, p.b, Sparsity::kDense) +
         (m * k * info(p.a).bits + m * n * info(p.d).bits) / 8;
}

bool not_cold(const Record& record, const Roofs& roofs) {
  if (record.cache.mode != CacheMode::kCold) return false;
  if (record.cache.method == CacheMethod::kNone) return true;
  return record.summary && above_read_roof(record, record.summary->median_s, roofs);
}

bool above_ceiling(const Record& record, const Roofs& roofs) {
  if (!is_sparse(record.problem.sparsity) || !record.vs_dense) return false;
  const std::optional<double> ceiling = speed_up_ceiling(record, roofs);
  return ceiling && record.vs_dense->interval.low > *ceiling;
}

bool weak_baseline(const Record& record, std::optional<double> dense_median_s, const Roofs& roofs) {
  if (!is_sparse(record.problem.sparsity) || !record.vs_dense || !dense_median_s) {
    return false;
  }
  const std::optional<double> share = share_of_roof(record, *dense_median_s, roofs);
  return share && *share < kWeakShare;
}

bool busy(const ClockSample& clocks) {
  return clocks.foreign_share.value_or(0) > kBusyShare ||
         clocks.steal_share.value_or(0) > kBusyShare || clocks.foreign_processes.value_or(0) > 0;
}

}  // namespace

bool above_read_roof(const Record& record, double median_s, const Roofs& roofs) {
  if (median_s <= 0 || !roofs.read_bytes_per_s || *roofs.read_bytes_per_s <= 0) return false;
  // The least that the format can take, not what was packed: padding need not be read.
  const GemmProblem& p = record.problem;
  const double bytes = gemms_per_launch(record) * weight_bytes(p.shape, p.b, p.sparsity);
  return bytes / median_s > kRoofMargin * *roofs.read_bytes_per_s;
}

std::optional<double> speed_up_ceiling(const Record& record, const Roofs& roofs) {
  const bool hot = record.cache.mode == CacheMode::kHot;
  if (hot && record.cache.residency == Residency::kCliff) return std::nullopt;
  const GemmProblem& p = record.problem;
  const Sparsity pattern = is_sparse(p.sparsity) ? p.sparsity : record.pattern;
  const double arithmetic = 1 / kept_share(pattern);
  const auto known = known_roofs(p.a, roofs);
  if (hot || !known) return arithmetic;
  const double multiply_s = dense_operations(p.shape) / 2 / known->multiply_adds_per_s;
  const auto read_s = [&](Sparsity sparsity) {
    return weight_bytes(p.shape, p.b, sparsity) / known->read_bytes_per_s;
  };
  return std::max(multiply_s, read_s(Sparsity::kDense)) /
         std::max(multiply_s / arithmetic, read_s(pattern));
}

std::optional<double> share_of_roof(const Record& record, double median_s, const Roofs& roofs) {
  const GemmProblem& p = record.problem;
  const auto known = known_roofs(p.a, roofs);
  if (!known || !(median_s > 0)) return std::nullopt;
  const double multiply_s = dense_operations(p.shape) / 2 / known->multiply_adds_per_s;
  const double move_s = compulsory_bytes(p) / known->read_bytes_per_s;
  return gemms_per_launch(record) * std::max(multiply_s, move_s) / median_s;
}

std::vector<Flag> flags(const Record& record, std::optional<double> dense_median_s,
                        const Roofs& roofs) {
  const bool above = above_ceiling(record, roofs);
  std::vector<Flag> raised;
  if (not_cold(record, roofs)) raised.push_back(Flag::kNotCold);
  // A ratio above its ceiling says that the dense side must be weak.
  if (above || weak_baseline(record, dense_median_s, roofs)) raised.push_back(Flag::kWeakBaseline);
  if (above) raised.push_back(Flag::kAboveCeiling);
  if (record.outcome.kind == OutcomeKind::kUnstable) raised.push_back(Flag::kUnstable);
  if (record.clocks.quota_throttled_share.value_or(0) > 0) raised.push_back(Flag::kThrottled);
  if (busy(record.clocks)) raised.push_back(Flag::kBusy);
  if (record.cache.mode == CacheMode::kHot && record.cache.residency == Residency::kCliff) {
    raised.push_back(Flag::kCliff);
  }
  return raised;
}

}  // namespace twofour::measure
