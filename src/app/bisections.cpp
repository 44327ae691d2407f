#include "app/bisections.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "app/progress.h"
#include "decide/break_even.h"
#include "decide/layers.h"

namespace twofour::app {
namespace {

/// Whether both are of one layer, at whatever M.
bool same_layer(const workload::Case& c, const workload::Case& other) {
  return std::tie(c.model, c.layer, c.tensor_parallel, c.shape.k, c.shape.n) ==
         std::tie(other.model, other.layer, other.tensor_parallel, other.shape.k, other.shape.n);
}

bool has_case(std::span<const workload::Case> cases, const workload::Case& wanted) {
  return std::any_of(cases.begin(), cases.end(), [&](const workload::Case& c) {
    return same_layer(c, wanted) && c.shape.m == wanted.shape.m;
  });
}

/// The first case of a layer; null where its split is uneven or there is none.
const workload::Case* case_of(std::span<const workload::Case> cases, const decide::Subject& subject,
                              const decide::Layer& layer) {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const workload::Case& c) {
    return !c.skip_reason && c.model == subject.model && c.layer == layer.name &&
           c.tensor_parallel == subject.tensor_parallel && c.shape.k == layer.k &&
           c.shape.n == layer.n;
  });
  return found == cases.end() ? nullptr : &*found;
}

}  // namespace

std::vector<workload::Case> bisections(std::span<const workload::Case> cases, std::size_t grid,
                                       std::span<const Record> records) {
  std::vector<workload::Case> added;
  for (const decide::Subject& subject : decide::leading(decide::subjects(records))) {
    for (const decide::Layer& layer : subject.layers) {
      // Where one expert breaks even, all of them do.
      if (layer.all_experts) continue;
      const workload::Case* const known = case_of(cases, subject, layer);
      if (known == nullptr) continue;
      const auto so_far =
          std::count_if(cases.begin() + static_cast<std::ptrdiff_t>(grid), cases.end(),
                        [&](const workload::Case& c) { return same_layer(c, *known); });
      if (so_far >= decide::kMostBisections) continue;
      const auto m = decide::next_m(decide::findings(layer.points));
      if (!m) continue;
      workload::Case next = *known;
      next.shape.m = *m;
      // It is no layer of a forward pass of so many tokens: no other layer is measured there.
      next.tokens.reset();
      next.calls.reset();
      next.index = static_cast<int>(cases.size() + added.size());
      // Two devices may ask for the same.
      if (!has_case(cases, next) && !has_case(added, next)) added.push_back(std::move(next));
    }
  }
  return added;
}

std::vector<workload::Case> with_earlier_bisections(std::vector<workload::Case> cases,
                                                    std::span<const Record> records) {
  const std::size_t grid = cases.size();
  const auto is_of = [&](const Record& r) {
    return static_cast<std::size_t>(r.case_index) < cases.size();
  };
  while (!std::all_of(records.begin(), records.end(), is_of)) {
    std::vector<Record> before;
    std::copy_if(records.begin(), records.end(), std::back_inserter(before), is_of);
    std::vector<workload::Case> added = bisections(cases, grid, before);
    if (added.empty()) break;  // rows of another run, which is said where rows are compared
    cases.insert(cases.end(), added.begin(), added.end());
  }
  return cases;
}

std::string possible_bisections(std::span<const workload::Case> cases, double max_time_s) {
  std::vector<const workload::Case*> layers;
  for (const workload::Case& c : cases) {
    if (c.skip_reason || c.experts) continue;
    if (std::none_of(layers.begin(), layers.end(),
                     [&](const workload::Case* other) { return same_layer(*other, c); })) {
      layers.push_back(&c);
    }
  }
  const auto most = layers.size() * static_cast<std::size_t>(decide::kMostBisections);
  return fmt::format(
      "--break-even: then up to {} further cases, at most {} for each of {} layers, at M between "
      "those above that differ in their verdict; none takes more memory than the largest above. "
      "Their sampling takes at most {} ({} s each), set-up and verification come on top.\n",
      most, decide::kMostBisections, layers.size(),
      clock_text(static_cast<double>(most) * max_time_s), max_time_s);
}

}  // namespace twofour::app
