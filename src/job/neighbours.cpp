#include "job/neighbours.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <thread>
#include <utility>

namespace twofour::job {
namespace {

/// More meetings than a case has.
constexpr std::int64_t kMostMeetings = 1024;
/// Between two looks at the others.
constexpr std::chrono::microseconds kLook{500};
/// From when the last one comes until all begin: time for all to have seen that it came.
constexpr std::int64_t kLead_ns = 5'000'000;
/// The last part of it is not slept: waking up takes some tens of microseconds.
constexpr std::int64_t kAwake_ns = 1'000'000;
/// For the other one that was to begin at the same time, and has not.
constexpr std::int64_t kLatest_ns = 1'000'000'000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void wait_until(std::int64_t moment_ns) {
  const std::int64_t left_ns = moment_ns - kAwake_ns - now_ns();
  if (left_ns > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left_ns));
  while (now_ns() < moment_ns) {
  }
}

std::int64_t place_of(int case_index, std::int64_t meeting) {
  return case_index * kMostMeetings + std::min(meeting, kMostMeetings - 1);
}

}  // namespace

Neighbours::Neighbours(const Board& board, Winners& winners, int rank, std::vector<int> kinds,
                       Sharing sharing)
    : board_(board), winners_(winners), rank_(rank), kinds_(std::move(kinds)), sharing_(sharing) {}

bool Neighbours::is_searcher() const {
  for (int other = 0; other < rank_; ++other) {
    const auto place = static_cast<std::size_t>(other);
    if (kinds_[place] == kinds_[static_cast<std::size_t>(rank_)] && board_.rank(other).alive) {
      return false;
    }
  }
  return true;
}

std::string Neighbours::winner(int case_index, const std::string& kernel,
                               const std::stop_token& stop) {
  if (!sharing_.winners) return {};
  const int kind = kinds_[static_cast<std::size_t>(rank_)];
  while (true) {
    // In this order: what is closed has told all that it had to tell.
    const bool last_look = is_searcher() || winners_.closed(kind, case_index);
    std::string algorithm = winners_.find(kind, case_index, kernel);
    if (!algorithm.empty() || last_look || stop.stop_requested()) return algorithm;
    std::this_thread::sleep_for(kLook);
  }
}

void Neighbours::found(int case_index, const std::string& kernel, const std::string& algorithm) {
  if (!sharing_.winners || !is_searcher()) return;
  winners_.add(kinds_[static_cast<std::size_t>(rank_)], case_index, kernel, algorithm);
}

void Neighbours::searched(int case_index) {
  if (!sharing_.winners || !is_searcher()) return;
  winners_.close(kinds_[static_cast<std::size_t>(rank_)], case_index);
}

bool Neighbours::all_have_come(std::int64_t place) const {
  for (int other = 0; other < board_.ranks(); ++other) {
    const RankState& state = board_.rank(other);
    if (other != rank_ && state.alive && state.place < place) return false;
  }
  return true;
}

std::vector<int> Neighbours::wait_for_all(std::int64_t place, const std::stop_token& stop) {
  RankState& own = board_.rank(rank_);
  own.came_ns = now_ns();
  own.place = place;
  while (!all_have_come(place)) {
    if (stop.stop_requested()) return {};
    std::this_thread::sleep_for(kLook);
  }
  std::vector<int> here;
  std::int64_t last_ns = own.came_ns;
  for (int other = 0; other < board_.ranks(); ++other) {
    const RankState& state = board_.rank(other);
    // Who is further on does not begin here.
    if (!state.alive || state.place != place) continue;
    here.push_back(other);
    last_ns = std::max<std::int64_t>(last_ns, state.came_ns);
  }
  if (here.size() > 1) wait_until(last_ns + kLead_ns);
  own.begun_ns = now_ns();
  own.begun_place = place;
  return here;
}

void Neighbours::begin_case(int case_index, const std::stop_token& stop) {
  meeting_ = 0;
  place_.reset();
  met_.reset();
  const std::int64_t place = place_of(case_index, meeting_);
  if (sharing_.together) {
    wait_for_all(place, stop);
  } else {
    board_.rank(rank_).place = place;
  }
}

void Neighbours::meet(int case_index, const std::stop_token& stop) {
  if (!sharing_.together) return;
  count_meeting();
  const std::int64_t place = place_of(case_index, ++meeting_);
  began_ = wait_for_all(place, stop);
  if (began_.size() > 1) place_ = place;
}

void Neighbours::count_meeting() {
  const std::optional<std::int64_t> place = std::exchange(place_, std::nullopt);
  if (!place) return;
  const std::int64_t own_ns = board_.rank(rank_).begun_ns;
  std::int64_t first_ns = own_ns;
  std::int64_t last_ns = own_ns;
  for (const int other : began_) {
    const RankState& state = board_.rank(other);
    while (state.alive && state.begun_place < *place && now_ns() < own_ns + kLatest_ns) {
      std::this_thread::sleep_for(kLook);
    }
    const bool begun = state.begun_place == *place;
    const std::int64_t begun_ns = begun ? state.begun_ns.load() : now_ns();
    first_ns = std::min(first_ns, begun_ns);
    last_ns = std::max(last_ns, begun_ns);
  }
  const auto devices = static_cast<int>(began_.size());
  const double skew_s = static_cast<double>(last_ns - first_ns) * 1e-9;
  if (!met_) met_ = Together{.devices = devices, .skew_s = skew_s};
  met_->devices = std::min(met_->devices, devices);
  met_->skew_s = std::max(met_->skew_s, skew_s);
}

std::optional<Together> Neighbours::met() {
  count_meeting();
  return std::exchange(met_, std::nullopt);
}

void Neighbours::end() { board_.rank(rank_).place = std::numeric_limits<std::int64_t>::max(); }

}  // namespace twofour::job
