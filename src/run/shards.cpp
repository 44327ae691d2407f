#include "run/shards.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

namespace twofour::run {

std::vector<std::vector<int>> case_groups(std::span<const workload::Case> cases, int parts) {
  using Layer = std::tuple<std::string_view, std::string_view, int, std::int64_t, std::int64_t>;
  std::map<Layer, std::size_t> number_of;
  std::vector<std::vector<int>> groups;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const workload::Case& c = cases[i];
    const auto [number, is_new] = number_of.try_emplace(
        Layer{c.model, c.layer, c.tensor_parallel, c.shape.k, c.shape.n}, groups.size());
    if (is_new) groups.emplace_back();
    groups[number->second].push_back(static_cast<int>(i));
  }
  if (groups.size() >= static_cast<std::size_t>(parts)) return groups;
  groups.clear();
  for (std::size_t i = 0; i < cases.size(); ++i) groups.push_back({static_cast<int>(i)});
  return groups;
}

std::vector<int> cases_of(const Shard& shard, std::span<const workload::Case> cases) {
  const std::vector<std::vector<int>> groups = case_groups(cases, shard.count);
  std::vector<int> places;
  for (auto number = static_cast<std::size_t>(shard.number - 1); number < groups.size();
       number += static_cast<std::size_t>(shard.count)) {
    places.insert(places.end(), groups[number].begin(), groups[number].end());
  }
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace twofour::run
