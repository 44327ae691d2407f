#include "providers/shortlist.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace twofour::providers {
namespace {

/// Rows of the smallest tile that libraries have.
constexpr std::int64_t kTileRows = 16;
/// The first rows of the second and third regime.
constexpr std::int64_t kSomeRows = 65;
constexpr std::int64_t kManyRows = 1024;
constexpr double kFarthest = 16;

int regime(std::int64_t m) { return (m >= kSomeRows ? 1 : 0) + (m >= kManyRows ? 1 : 0); }

std::int64_t alignment(std::int64_t m) {
  return m <= kTileRows ? kTileRows : std::gcd(m, kTileRows);
}

/// How many times as many the larger number of rows is.
double distance(std::int64_t m, std::int64_t other) {
  return static_cast<double>(std::max(m, other)) / static_cast<double>(std::min(m, other));
}

}  // namespace

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

Winners& Winners::shared() {
  static Winners winners;
  return winners;
}

std::optional<Winner> Winners::find(const std::string& alike) const {
  const std::lock_guard lock(mutex_);
  const auto found = winners_.find(alike);
  return found == winners_.end() ? std::nullopt : std::optional(found->second);
}

void Winners::keep(const std::string& alike, Winner winner) {
  const std::lock_guard lock(mutex_);
  winners_.try_emplace(alike, std::move(winner));
}

bool are_neighbours(std::int64_t m, std::int64_t other) {
  return m > 0 && other > 0 && regime(m) == regime(other) && alignment(m) == alignment(other) &&
         distance(m, other) <= kFarthest;
}

Neighbours& Neighbours::shared() {
  static Neighbours neighbours;
  return neighbours;
}

std::optional<Neighbours::Found> Neighbours::find(const std::string& line, std::int64_t m) const {
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(line);
  if (found == lines_.end()) return std::nullopt;
  std::optional<Found> nearest;
  for (const auto& [other, names] : found->second) {
    if (!are_neighbours(m, other)) continue;
    if (!nearest || distance(m, other) < distance(m, nearest->m)) nearest = Found{other, names};
  }
  return nearest;
}

void Neighbours::keep(const std::string& line, std::int64_t m, std::span<const std::string> names) {
  const std::lock_guard lock(mutex_);
  const auto first = names.first(std::min(names.size(), kNeighbourFinalists));
  lines_[line].try_emplace(m, first.begin(), first.end());
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

LedBy led_by(std::span<const std::string> names, std::span<const std::size_t> groups,
             std::span<const std::string> finalists) {
  LedBy led;
  const auto all_in_order = [&] {
    led.order.resize(names.size());
    std::iota(led.order.begin(), led.order.end(), std::size_t{0});
    led.head = {};
    return led;
  };
  std::set<std::size_t> taken;
  std::set<std::size_t> taken_groups;
  const auto take = [&](std::size_t place) {
    if (!taken.insert(place).second) return;
    led.order.push_back(place);
    if (!groups.empty()) taken_groups.insert(groups[place]);
  };
  for (const std::string& name : finalists) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) take(static_cast<std::size_t>(found - names.begin()));
  }
  led.head.shortlisted = led.order.size();
  // Without the neighbour's winner its other finalists say little.
  const bool has_winner = !led.order.empty() && names[led.order.front()] == finalists.front();
  const std::size_t size = led.head.shortlisted + kPromisingProbes + kSpreadProbes;
  if (!has_winner || led.head.shortlisted < 2 || 2 * size > names.size()) {
    led.order.clear();
    return all_in_order();
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (led.order.size() == led.head.shortlisted + kPromisingProbes) break;
    if (groups.empty() || !taken_groups.contains(groups[i])) take(i);
  }
  for (std::size_t i = 1; i <= kSpreadProbes; ++i) take(i * names.size() / (kSpreadProbes + 1));
  led.head.probes = led.order.size() - led.head.shortlisted;
  for (std::size_t i = 0; i < names.size(); ++i) take(i);
  return led;
}

}  // namespace twofour::providers
