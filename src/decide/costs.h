// What the weights of a model take, and what it takes to have them 2:4.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decide/estimate.h"
#include "decide/layers.h"

namespace twofour::decide {

/// Bytes of weights in memory.
struct WeightBytes {
  double values = 0;    ///< K x N of them, for 2:4 half, for 6:8 three quarters
  double metadata = 0;  ///< two bits for each value that a pattern keeps
  double padding = 0;   ///< what the library's packed form has beyond both
  [[nodiscard]] double total() const { return values + metadata + padding; }
  WeightBytes& operator+=(const WeightBytes& other);
};

/// Of one matrix as `record` packed it. Where a record does not know its packed bytes, padding is
/// not in it and `padding_known`, where given, becomes false.
WeightBytes weights_of(const Record& record, bool* padding_known = nullptr);

/// What getting 2:4 weights costs before the first call, of all matrices of one layer. Wall
/// seconds, from the phases of the 2:4 row.
struct Cost {
  /// Drawing, quantising and pruning the operands in this program: pruning is a part of it, and a
  /// deployed model draws nothing.
  double prune_at_most_s = 0;
  double pack_s = 0;    ///< compressing, packing, and copies that a cold measurement needs
  double search_s = 0;  ///< once for all matrices of the shape
};

/// `instances` matrices: each is pruned and packed, and the search is done once.
Cost cost_of(const Point& point, double instances);

/// How many calls repay a cost. `low` counts no pruning and the highest gain, `high` all that can
/// be pruning and the lowest gain.
struct Repaid {
  double low = 0;
  std::optional<double> high;  ///< nothing: never, because the gain may be none
};

/// Nothing where no interval of the gain is known, or it is a loss for certain: then there is
/// nothing that could repay. `gain_s`: seconds that a call gains.
std::optional<Repaid> calls_until_repaid(const Cost& cost, const std::optional<Interval>& gain_s);

}  // namespace twofour::decide
