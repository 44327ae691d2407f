#include "providers/shortlist.h"

#include <algorithm>
#include <numeric>

namespace twofour::providers {

Shortlists& Shortlists::shared() {
  static Shortlists lists;
  return lists;
}

std::vector<std::string> Shortlists::find(const std::string& family) const {
  const std::lock_guard lock(mutex_);
  const auto found = lists_.find(family);
  return found == lists_.end() ? std::vector<std::string>{} : found->second;
}

void Shortlists::keep(const std::string& family, std::span<const std::string> names) {
  const std::lock_guard lock(mutex_);
  const auto first = names.first(std::min(names.size(), kShortlisted));
  lists_.try_emplace(family, first.begin(), first.end());
}

std::vector<std::size_t> without(std::span<const std::string> avoid,
                                 std::span<const std::string> names) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(avoid.begin(), avoid.end(), names[i]) == avoid.end()) places.push_back(i);
  }
  return places;
}

std::vector<std::size_t> contestants(std::span<const std::string> names,
                                     std::span<const std::string> shortlist) {
  std::vector<std::size_t> places;
  for (const std::string& name : shortlist) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) places.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  if (places.size() >= 2) return places;
  places.resize(names.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  return places;
}

}  // namespace twofour::providers
