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

/// One layer's GEMM on one of `parts` devices. The whole layer's shape stays where it cannot be
/// split evenly.
Case layer_case(const Model& model, const Layer& layer, std::int64_t m, int parts) {
  Case c{.shape = {.m = m, .n = layer.n, .k = layer.k},
         .model = model.name,
         .layer = layer.name,
         .tensor_parallel = parts};
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
