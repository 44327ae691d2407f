#include <algorithm>
#include <cmath>

#include "core/expert_layers.h"
#include "workload/workload.h"

namespace twofour::workload {
namespace {

/// start, start + increment, ... up to and including `last`.
std::vector<std::int64_t> steps(std::int64_t start, std::int64_t last, std::int64_t increment) {
  std::vector<std::int64_t> values;
  for (std::int64_t d = start; d <= last; d += increment) values.push_back(d);
  return values;
}

void append(std::vector<Case>& cases, Case c) {
  c.index = static_cast<int>(cases.size());
  cases.push_back(std::move(c));
}

/// The width of the part of one of `parts` devices. Nothing where whole heads cannot be dealt out
/// evenly; `reason` then says why.
std::optional<std::int64_t> width_of_part(const HeadSplit& all, std::int64_t parts,
                                          std::string& reason) {
  if (all.query % parts != 0) {
    reason = std::to_string(all.query) + " " + std::string(all.query_name) +
             " do not divide by the TP size " + std::to_string(parts);
    return std::nullopt;
  }
  HeadSplit part = all;
  part.query /= parts;
  if (all.key_value == 0) return part.width();
  if (all.key_value % parts != 0 && parts % all.key_value != 0) {
    reason = std::to_string(all.key_value) + " " + std::string(all.key_value_name) +
             " and the TP size " + std::to_string(parts) + " do not divide one another";
    return std::nullopt;
  }
  part.key_value = std::max<std::int64_t>(all.key_value / parts, 1);
  return part.width();
}

/// Makes of the whole layer's shape the part of one of `parts` devices. The whole stays where it
/// cannot be split evenly.
void split(Case& c, const Layer& layer, int parts) {
  if (layer.split == '-') return;
  const bool along_k = layer.split == 'k';
  std::int64_t& divided = along_k ? c.shape.k : c.shape.n;
  std::string reason;
  if (const auto part = width_on_device(layer.heads, divided, parts, along_k ? "K" : "N", reason)) {
    divided = *part;
    return;
  }
  c.skip_reason = c.model + " " + c.layer + ": " + reason;
}

/// One layer's GEMM on one of `parts` devices.
Case layer_case(const Model& model, const Layer& layer, std::int64_t tokens, int parts) {
  const std::int64_t experts = layer.experts ? layer.experts->total : 1;
  const std::int64_t active = layer.experts ? layer.experts->active(tokens) : 1;
  Case c{.shape = {.m = layer.experts ? layer.experts->rows(tokens) : tokens,
                   .n = layer.n,
                   .k = layer.k},
         .model = model.name,
         .layer = layer.name,
         .tensor_parallel = parts,
         .tokens = tokens,
         .prefill_only = layer.prefill_only};
  if (layer.count) {
    c.instances = *layer.count * experts;
    c.calls = *layer.count * active;
  }
  split(c, layer, parts);
  return c;
}

/// All experts that the tokens reach, of the GEMM of one of them.
Case all_experts_case(Case one, const Layer& layer) {
  one.layer += kAllExpertsSuffix;
  one.experts = layer.experts->active(*one.tokens);
  if (layer.count) one.calls = layer.count;
  return one;
}

}  // namespace

std::optional<std::int64_t> width_on_device(const std::optional<HeadSplit>& heads,
                                            std::int64_t width, int devices,
                                            std::string_view dimension, std::string& reason) {
  if (heads) return width_of_part(*heads, devices, reason);
  if (width % devices == 0) return width / devices;
  reason = std::string(dimension) + " = " + std::to_string(width) +
           " does not divide by the TP size " + std::to_string(devices);
  return std::nullopt;
}

std::int64_t Experts::active(std::int64_t tokens) const {
  const auto all = static_cast<double>(total);
  const double missed =
      std::pow(1 - static_cast<double>(per_token) / all, static_cast<double>(tokens));
  return std::clamp<std::int64_t>(std::llround(all * (1 - missed)), per_token,
                                  std::min(total, tokens * per_token));
}

std::int64_t Experts::rows(std::int64_t tokens) const {
  const std::int64_t reached = active(tokens);
  return (tokens * per_token + reached - 1) / reached;
}

std::vector<Case> square_cases(const Sweep& sweep) {
  std::vector<Case> cases;
  for (const std::int64_t d : steps(sweep.start, sweep.end, sweep.increment)) {
    append(cases, {.shape = {.m = d, .n = d, .k = d}});
  }
  return cases;
}

std::vector<Case> range_cases(const Sweep& sweep, const FixedDimensions& fixed) {
  std::vector<Case> cases;
  for (const std::int64_t d : steps(sweep.start, sweep.end - 1, sweep.increment)) {
    append(
        cases,
        {.shape = {.m = fixed.m.value_or(d), .n = fixed.n.value_or(d), .k = fixed.k.value_or(d)}});
  }
  return cases;
}

std::vector<Case> model_cases(const std::vector<Model>& models,
                              const std::vector<std::int64_t>& batch_sizes,
                              const std::vector<int>& tp_sizes) {
  std::vector<Case> cases;
  for (const Model& model : models) {
    for (const int parts : tp_sizes) {
      for (const std::int64_t m : batch_sizes) {
        for (const Layer& layer : model.layers) {
          const Case one = layer_case(model, layer, m, parts);
          append(cases, one);
          const bool several = layer.experts && layer.experts->active(m) > 1;
          if (several) append(cases, all_experts_case(one, layer));
        }
      }
    }
  }
  return cases;
}

}  // namespace twofour::workload
