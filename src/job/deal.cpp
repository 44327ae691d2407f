#include "job/deal.h"

#include <utility>

namespace twofour::job {

Deal::Deal(const Board& board, std::vector<std::vector<int>> groups, std::size_t cases)
    : board_(board),
      groups_(std::move(groups)),
      group_of_(cases, -1),
      owners_(groups_.size()),
      states_(cases) {
  for (std::size_t i = 0; i < cases; ++i) states_[i] = kOpen;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    owner(g) = kFree;
    for (const int index : groups_[g]) {
      group_of_[static_cast<std::size_t>(index)] = static_cast<std::int32_t>(g);
    }
    left_[0] += static_cast<std::int64_t>(groups_[g].size());
  }
}

std::vector<int> Deal::open_cases(std::size_t group) const {
  std::vector<int> open;
  for (const int index : groups_[group]) {
    if (state(index) == kOpen) open.push_back(index);
  }
  return open;
}

std::optional<std::vector<int>> Deal::take(int rank) {
  bool others = false;
  for (int other = 0; other < board_.ranks(); ++other) {
    others = others || (other != rank && board_.rank(other).alive);
  }
  // Whoever does not count as alive any more has given back what it had: it is found below.
  const std::int64_t releases = releases_[0];
  if (std::exchange(seen_releases_, releases) != releases) first_ = 0;
  for (; first_ < groups_.size(); ++first_) {
    std::int32_t free = kFree;
    if (!owner(first_).compare_exchange_strong(free, rank)) continue;
    std::vector<int> open = open_cases(first_);
    if (!open.empty()) return open;
  }
  if (left() == 0 || !others) return std::vector<int>{};
  return std::nullopt;
}

void Deal::set(int case_index, std::int32_t value) {
  std::int32_t open = kOpen;
  if (!state(case_index).compare_exchange_strong(open, value)) return;
  if (group_of_[static_cast<std::size_t>(case_index)] >= 0) --left_[0];
}

void Deal::done(int rank, int case_index) { set(case_index, rank); }

void Deal::needs_nobody(int rank, int case_index) {
  const std::int32_t group = group_of_[static_cast<std::size_t>(case_index)];
  const bool own = group >= 0 && owner(static_cast<std::size_t>(group)) == rank;
  set(case_index, own ? rank : kBefore);
}

std::size_t Deal::release(int rank) {
  std::size_t cases = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (owner(g) != rank) continue;
    const std::size_t open = open_cases(g).size();
    if (open == 0) continue;
    cases += open;
    owner(g) = kFree;
  }
  ++releases_[0];
  return cases;
}

std::optional<int> Deal::done_by(int case_index) const {
  const std::int32_t value = state(case_index);
  return value < 0 ? std::nullopt : std::optional<int>(value);
}

std::size_t Deal::left() const {
  const std::int64_t count = left_[0];
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace twofour::job
