// The time that the linear layers of a forward pass take: with dense everywhere, with 2:4
// everywhere, and with 2:4 only where it wins.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "decide/estimate.h"

namespace twofour::decide {

/// One layer in one forward pass, or in a share of the passes.
struct LayerTime {
  std::string name;  ///< "qkv 4096x6144", with its batch size where a mix has several
  /// How often its GEMM runs, times the share of the passes in which it does.
  double weight = 1;
  std::vector<double> dense_s;  ///< seconds of a launch, by round; empty: no answer
  std::vector<double> sparse_s;
  /// Joules of a launch (launch_joules()); nothing: not known.
  std::optional<double> dense_j;
  std::optional<double> sparse_j;
  bool wins = false;          ///< the verdict is WIN: 2:4 is used; both sides have rounds
  std::string why_no_dense;   ///< why `dense_s` is empty
  std::string why_no_sparse;  ///< likewise
};

/// A sum over layers.
struct Total {
  Estimate seconds;  ///< of those that have an answer
  /// The layers that have none, each with the reason: where there are some, `seconds` is a lower
  /// bound, and with `counted` at zero nothing is known.
  std::vector<std::string> missing;
  std::size_t counted = 0;

  [[nodiscard]] bool known() const { return missing.empty() && counted > 0; }
};

/// Joules of a pass; nothing: that of some layer is not known.
struct Energy {
  std::optional<double> dense;
  std::optional<double> sparse;
  std::optional<double> mixed;
  bool any = false;  ///< of some layer a number is known
};

struct Saving {
  std::string layer;
  Estimate seconds;  ///< above zero: 2:4 is faster, weight included
  bool used = false;
};

struct Totals {
  Total dense;
  Total sparse;
  Total mixed;
  Estimate saved_s;                  ///< of mixed over dense: the layers that win, which are known
  std::optional<Estimate> speed_up;  ///< dense over mixed; nothing: dense is not known
  std::optional<Estimate> sparse_speed_up;  ///< dense over 2:4 everywhere
  Energy energy;
  std::vector<Saving> savings;  ///< of layers with both answers, by descending size of the time
};

/// Each layer's rounds are resampled on their own, because layers are independent; draws are summed
/// with their weights, and differences and ratios are taken within a draw. Where some layer has too
/// few rounds, sums with it have no interval. Which layers use 2:4 is not drawn again.
Totals totals(std::span<const LayerTime> layers);

/// The layers that make up the most of what is saved, in all at least four fifths of it.
std::vector<Saving> deciding(const Totals& found);

/// Speed-up of a whole forward pass in which linear layers take `linear_share` of the time with
/// dense weights (above 0, at most 1), when nothing else becomes faster (Amdahl's law):
/// 1 / (1 - S + S / r).
Estimate end_to_end(const Estimate& speed_up, double linear_share);

}  // namespace twofour::decide
