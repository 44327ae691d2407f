#include "decide/kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/expert_layers.h"
#include "decide/words.h"
#include "report/pattern_text.h"

namespace twofour::decide {
namespace {

/// "Strided-batched at equal M, cusparselt against cublaslt: ...", a ratio for each size; empty
/// where a side has none.
std::string batches_text(const Decision& decision) {
  std::vector<std::string> ratios;
  const Point* any = nullptr;
  for (const LayerDecision& layer : decision.layers) {
    for (const Point& point : layer.layer.points) {
      const auto ratio = batch_ratio(point);
      if (!ratio) continue;
      any = &point;
      ratios.push_back(fmt::format("{} {} ({} experts of {} rows)", title(layer.layer),
                                   ratio_text({ratio->value, std::isfinite(ratio->interval.low)
                                                                 ? std::optional(ratio->interval)
                                                                 : std::nullopt}),
                                   point.dense_batch->problem.batch, point.m));
    }
  }
  if (any == nullptr) return {};
  return fmt::format(
      "Strided-batched at equal M, every expert in one call, {} of {} against dense of {}: {}. The "
      "best of both ways counts above.",
      to_string(decision.subject.pattern), any->sparse_batch->provider, any->dense_batch->provider,
      fmt::join(ratios, ", "));
}

}  // namespace

void add_kinds(std::vector<std::string>& lines, const Decision& decision) {
  const bool experts =
      std::any_of(decision.layers.begin(), decision.layers.end(),
                  [](const LayerDecision& layer) { return layer.layer.all_experts; });
  if (experts) {
    lines.push_back(fmt::format(
        "Layers that end in {} run every expert that the tokens reach, one after another or as a "
        "batch, each with weights of its own: no less than a grouped kernel takes. Engines' dense "
        "baseline is a grouped GEMM; 2:4 has a batch, of as many rows for every expert. Sums have "
        "such a layer once: this way where both sides have 6 rounds, else one expert's time as "
        "often as experts run.",
        kAllExpertsSuffix));
  }
  std::string batches = batches_text(decision);
  if (!batches.empty()) lines.push_back(std::move(batches));
  std::string pattern = report::pattern_sentence(decision.subject.pattern);
  if (!pattern.empty()) lines.push_back(std::move(pattern));
}

}  // namespace twofour::decide
