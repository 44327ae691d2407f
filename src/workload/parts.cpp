#include "workload/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace twofour::workload {
namespace {

/// All that makes layers equal.
auto key_of(const Layer& layer) {
  const Experts experts = layer.experts.value_or(Experts{});
  HeadSplit heads = layer.heads.value_or(HeadSplit{});
  // Output projections of layers that differ in key-value heads alone are the same.
  if (heads.per_key_value == 0) heads.key_value = 0;
  return std::tuple(layer.name, layer.k, layer.n, layer.split, layer.prefill_only, experts.total,
                    experts.per_token, heads.query, heads.key_value, heads.per_query,
                    heads.per_key_value);
}

Layer layer_of(const Part& part, const std::string& name) {
  return {.name = name,
          .k = part.k,
          .n = part.n,
          .split = part.split,
          .count = 1,
          .experts = part.experts,
          .heads = part.heads,
          .prefill_only = part.prefill_only,
          .parts = {{part.name, part.group, part.n, part.heads}},
          .decoder_layers = {part.layer}};
}

/// Parts of one group read the same activations. They are split alike, by heads or not.
void fuse(Layer& into, const Part& part) {
  into.n += part.n;
  into.parts.push_back({part.name, part.group, part.n, part.heads});
  if (into.heads && part.heads && into.heads->query == part.heads->query &&
      into.heads->key_value == part.heads->key_value) {
    into.heads->per_query += part.heads->per_query;
    into.heads->per_key_value += part.heads->per_key_value;
  } else {
    into.heads.reset();
  }
}

/// Layers of one name and several shapes, told apart.
void name_by_shape(std::vector<Layer>& layers) {
  std::map<std::string, int> shapes;
  for (const Layer& layer : layers) ++shapes[layer.name];
  for (Layer& layer : layers) {
    if (shapes[layer.name] > 1) layer.name += fmt::format("_{}x{}", layer.k, layer.n);
  }
  // Shapes that are equal, but are split in different ways.
  std::set<std::string> taken;
  for (Layer& layer : layers) {
    std::string name = layer.name;
    for (int i = 2; !taken.insert(name).second; ++i) name = fmt::format("{}_{}", layer.name, i);
    layer.name = name;
  }
}

}  // namespace

void Decoder::skip(const std::string& name, const std::string& reason) {
  const bool told = std::any_of(skipped.begin(), skipped.end(), [&](const SkippedLayers& one) {
    return one.name == name && one.reason == reason;
  });
  if (!told) skipped.push_back({name, reason});
}

void Decoder::leave_out(const std::string& name, const std::string& why, double parameters) {
  for (UnmeasuredWeights& one : unmeasured) {
    if (one.name == name && one.parameters) {
      *one.parameters += parameters;
      return;
    }
  }
  unmeasured.push_back({.name = name, .why = why, .parameters = parameters});
}

std::vector<Layer> layers_of(const std::vector<Part>& parts, bool unfused) {
  std::vector<Layer> single;
  std::map<std::tuple<std::int64_t, std::string, std::int64_t>, std::size_t> places;
  for (const Part& part : parts) {
    const std::string& name = unfused ? part.name : part.group;
    const auto [found, is_new] = places.try_emplace({part.layer, name, part.k}, single.size());
    if (is_new) {
      single.push_back(layer_of(part, name));
    } else {
      fuse(single[found->second], part);
    }
  }
  std::vector<Layer> layers;
  std::map<decltype(key_of(single.front())), std::size_t> known;
  for (Layer& layer : single) {
    const auto [found, is_new] = known.try_emplace(key_of(layer), layers.size());
    if (is_new) {
      layers.push_back(std::move(layer));
    } else {
      Layer& first = layers[found->second];
      ++*first.count;
      first.decoder_layers.push_back(layer.decoder_layers.front());
    }
  }
  name_by_shape(layers);
  return layers;
}

}  // namespace twofour::workload
