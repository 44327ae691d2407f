#include "decide/costs.h"

#include <algorithm>

namespace twofour::decide {

WeightBytes& WeightBytes::operator+=(const WeightBytes& other) {
  values += other.values;
  metadata += other.metadata;
  padding += other.padding;
  return *this;
}

WeightBytes weights_of(const Record& record, bool* padding_known) {
  const GemmProblem& p = record.problem;
  const double dense = weight_bytes(p.shape, p.b, Sparsity::kDense);
  WeightBytes bytes{.values = dense};
  if (is_sparse(p.sparsity)) {
    bytes.values = kept_share(p.sparsity) * dense;
    bytes.metadata = weight_bytes(p.shape, p.b, p.sparsity) - bytes.values;
  }
  const double packed = static_cast<double>(record.cache.bytes_per_copy) / gemms_per_launch(record);
  bytes.padding = std::max(0.0, packed - bytes.values - bytes.metadata);
  if (packed == 0 && padding_known != nullptr) *padding_known = false;
  return bytes;
}

Cost cost_of(const Point& point, double instances) {
  if (point.sparse == nullptr) return {};
  return {.prune_at_most_s = instances * point.sparse->phases.operands_s,
          .pack_s = instances * point.pack_s,
          .search_s = point.search_s};
}

std::optional<Repaid> calls_until_repaid(const Cost& cost, const std::optional<Interval>& gain_s) {
  if (!gain_s || gain_s->high <= 0) return std::nullopt;
  const double least = cost.pack_s + cost.search_s;
  Repaid repaid{.low = least / gain_s->high, .high = std::nullopt};
  if (gain_s->low > 0) repaid.high = (least + cost.prune_at_most_s) / gain_s->low;
  return repaid;
}

}  // namespace twofour::decide
