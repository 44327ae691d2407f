#include "run/rest_history.h"

#include <algorithm>

namespace twofour::run {

RestHistory& RestHistory::shared() {
  static RestHistory history;
  return history;
}

bool RestHistory::expects(const std::string& device, std::int64_t rows) const {
  const std::lock_guard lock(mutex_);
  const auto found = rested_in_a_row_.find(device);
  if (found == rested_in_a_row_.end()) return false;
  return std::any_of(found->second.begin(), found->second.upper_bound(rows),
                     [](const auto& entry) { return entry.second >= kCases; });
}

void RestHistory::note(const std::string& device, std::int64_t rows, bool rested) {
  const std::lock_guard lock(mutex_);
  int& in_a_row = rested_in_a_row_[device][rows];
  in_a_row = rested ? in_a_row + 1 : 0;
}

}  // namespace twofour::run
