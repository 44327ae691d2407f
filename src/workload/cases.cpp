#include <algorithm>

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

/// The heads of one of `parts` devices. Key-value heads of which there are fewer than devices are
/// replicated: each device has one. Nothing where whole heads cannot be dealt out evenly; `reason`
/// then says why.
std::optional<AttentionHeads> heads_of_part(const AttentionHeads& all, std::int64_t parts,
                                            std::string& reason) {
  if (all.query % parts != 0) {
    reason = std::to_string(all.query) + " attention heads do not divide by the TP size " +
             std::to_string(parts);
    return std::nullopt;
  }
  if (all.key_value % parts != 0 && parts % all.key_value != 0) {
    reason = std::to_string(all.key_value) + " key-value heads and the TP size " +
             std::to_string(parts) + " do not divide one another";
    return std::nullopt;
  }
  AttentionHeads part = all;
  part.query /= parts;
  part.key_value = std::max<std::int64_t>(all.key_value / parts, 1);
  return part;
}

bool is_split_by_heads(const Model& model, const Layer& layer) {
  return model.heads && (layer.name == kQkvLayer || layer.name == kOutputLayer);
}

/// `c` with the part of an attention projection that falls to one of `parts` devices.
void split_by_heads(Case& c, const AttentionHeads& all, int parts) {
  std::string reason;
  const auto part = heads_of_part(all, parts, reason);
  if (!part) {
    c.skip_reason = c.model + " " + c.layer + ": " + reason;
  } else if (c.layer == kQkvLayer) {
    c.shape.n = part->qkv_n();
  } else {
    c.shape.k = part->o_k();
  }
}

/// One layer's GEMM on one of `parts` devices. The whole layer's shape stays where it cannot be
/// split evenly.
Case layer_case(const Model& model, const Layer& layer, std::int64_t m, int parts) {
  Case c{.shape = {.m = m, .n = layer.n, .k = layer.k},
         .model = model.name,
         .layer = layer.name,
         .tensor_parallel = parts};
  if (is_split_by_heads(model, layer)) {
    split_by_heads(c, *model.heads, parts);
    return c;
  }
  std::int64_t& divided = layer.split == 'k' ? c.shape.k : c.shape.n;
  if (divided % parts == 0) {
    divided /= parts;
  } else {
    c.skip_reason = model.name + " " + layer.name + ": " + (layer.split == 'k' ? "K" : "N") +
                    " = " + std::to_string(divided) + " does not divide by the TP size " +
                    std::to_string(parts);
  }
  return c;
}

}  // namespace

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
          append(cases, layer_case(model, layer, m, parts));
        }
      }
    }
  }
  return cases;
}

}  // namespace twofour::workload
