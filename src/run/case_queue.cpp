#include "run/case_queue.h"

namespace twofour::run {

void CaseQueue::start(const std::vector<int>& cases) {
  left_.clear();
  if (source_ == nullptr) {
    left_.assign(cases.begin(), cases.end());
    return;
  }
  measurable_ = {cases.begin(), cases.end()};
  for (const int index : received_) {
    if (measurable_.contains(index)) left_.push_back(index);
  }
}

std::optional<int> CaseQueue::next() {
  if (left_.empty()) take_more();
  if (left_.empty()) return std::nullopt;
  const int index = left_.front();
  left_.pop_front();
  return index;
}

void CaseQueue::take_more() {
  while (left_.empty() && !ended_) {
    const std::optional<std::vector<int>> more = source_->more();
    if (!more) return;
    ended_ = more->empty();
    for (const int index : *more) {
      received_.push_back(index);
      if (measurable_.contains(index)) left_.push_back(index);
    }
  }
}

}  // namespace twofour::run
