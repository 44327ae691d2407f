#include <fmt/format.h>

#include <algorithm>

#include "workload/model_plan.h"

namespace twofour::workload {
namespace {

/// "671.0 B", "37.7 M", "3072".
std::string amount(double parameters) {
  if (parameters >= 1e9) return fmt::format("{:.2f} B", parameters / 1e9);
  if (parameters >= 1e6) return fmt::format("{:.1f} M", parameters / 1e6);
  return fmt::format("{:.0f}", parameters);
}

std::string share(double parameters, double of) {
  return of > 0 ? fmt::format("{:.2f} %", 100 * parameters / of) : std::string("-");
}

std::string split_text(const Layer& layer) {
  if (layer.split == '-') return "split: none";
  return fmt::format("split: {}{}", layer.split == 'k' ? "K" : "N", layer.heads ? " by heads" : "");
}

std::string layer_line(const Layer& layer, std::size_t width, double all) {
  const std::int64_t experts = layer.experts ? layer.experts->total : 1;
  const double parameters = static_cast<double>(layer.k) * static_cast<double>(layer.n) *
                            static_cast<double>(layer.count.value_or(1)) *
                            static_cast<double>(experts);
  std::string text = fmt::format("  {:<{}}  {:>6} x {:<6}  {:>3} x", layer.name, width, layer.k,
                                 layer.n, layer.count.value_or(1));
  if (layer.experts) {
    text += fmt::format(" {} experts, {} for each token", experts, layer.experts->per_token);
  }
  text += fmt::format("  {}  {}", split_text(layer), share(parameters, all));
  if (layer.prefill_only) text += "  in prefill only";
  return text + "\n";
}

}  // namespace

std::string plan_text(const ModelPlan& plan) {
  const double all = plan.text_parameters();
  const double measured = plan.measured_parameters();
  std::string text = fmt::format(
      "{}: {} of {} weights ({}) are in layers that are measured, K x N, of {}\n", plan.model.name,
      amount(measured), amount(all), share(measured, all), plan.model.source);
  std::size_t width = 0;
  for (const Layer& layer : plan.model.layers) width = std::max(width, layer.name.size());
  for (const UnmeasuredWeights& one : plan.unmeasured) width = std::max(width, one.name.size());
  for (const Layer& layer : plan.model.layers) text += layer_line(layer, width, all);
  for (const UnmeasuredWeights& one : plan.unmeasured) {
    std::string size = "of unknown size";
    if (one.parameters) {
      size = amount(*one.parameters);
      if (one.in_text_part) size += ", " + share(*one.parameters, all);
    }
    text += fmt::format("  {:<{}}  not measured: {} ({}{})\n", one.name, width, one.why, size,
                        one.in_text_part ? "" : "; in no share");
  }
  for (const SkippedLayers& one : plan.skipped) {
    text += fmt::format("  {:<{}}  skipped, and in no share: {}\n", one.name, width, one.reason);
  }
  for (const std::string& note : plan.notes) text += fmt::format("  {}\n", note);
  const bool experts = std::any_of(plan.model.layers.begin(), plan.model.layers.end(),
                                   [](const Layer& layer) { return layer.experts.has_value(); });
  if (experts) {
    text +=
        "  An expert's layer is measured as one product, with the rows that reach one of the "
        "active experts when routing is uniform;\n  engines run all active experts as one grouped "
        "product, to which a batch comes nearest in 2:4.\n";
  }
  return text;
}

}  // namespace twofour::workload
