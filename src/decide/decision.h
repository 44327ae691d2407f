// What the rows of a model say to somebody who must choose: use 2:4 in these layers, at these batch
// sizes; so much time does it save; so much memory and preparation does it cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decide/break_even.h"
#include "decide/costs.h"
#include "decide/layers.h"
#include "decide/question.h"
#include "decide/totals.h"

namespace twofour::decide {

/// The gain of a call over dense, from its rounds; nothing where one side has none.
std::optional<Estimate> gain_s(const Point& point);

struct LayerDecision {
  Layer layer;
  BreakEven found;
  std::vector<std::string_view> doubted;  ///< names of flags on wins, each once
  /// Where 2:4 gains most of those sizes where it wins; null: it wins at none. Points into `layer`.
  std::optional<std::size_t> best;
  Cost cost;  ///< at `best`
  std::optional<Estimate> gain;
  std::optional<Repaid> repaid;  ///< calls
};

/// A forward pass of so many tokens, or a mix of several.
struct PassDecision {
  std::vector<TrafficClass> mix;  ///< one with a share of 1 and no name: a batch size alone
  Sparsity pattern = Sparsity::kTwoFour;
  Totals totals;
  std::vector<std::string> uses;     ///< layers that run 2:4 somewhere in the mix
  std::vector<std::string> unclear;  ///< those that run dense because the verdict is not clear
  std::vector<std::string> both;     ///< those of them that run dense elsewhere in it
  WeightBytes weights;               ///< of the layers with counts, in the forms that are used
};

struct Decision {
  Subject subject;
  std::vector<LayerDecision> layers;
  std::vector<PassDecision> passes;     ///< by ascending batch size
  std::optional<PassDecision> traffic;  ///< where it was asked for
  /// Why there are no passes, or no traffic; empty: there are.
  std::string no_passes;
  std::string no_traffic;
  /// All matrices of the device; those of `weights_missing` are in neither.
  WeightBytes dense_weights;
  WeightBytes sparse_weights;
  std::vector<std::string> weights_missing;
  bool padding_known = true;
};

Decision decide(Subject subject, const Question& question);

/// Of the leading() subjects.
std::vector<Decision> decisions(std::span<const Record> records, const Question& question);

}  // namespace twofour::decide
