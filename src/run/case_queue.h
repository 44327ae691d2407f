// Which cases the processes that measure are given, one after the other.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

namespace twofour::run {

/// Those who share the cases of a run with this process are gone.
struct SourceLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where several processes share the cases of a run.
class CaseSource {
 public:
  virtual ~CaseSource() = default;
  /// Cases that are this process's from now on, in their order. Nothing: not known yet, ask again a
  /// little later. None: there are no more. Throws SourceLost.
  virtual std::optional<std::vector<int>> more() = 0;
};

class CaseQueue {
 public:
  /// Without a source all cases that can be measured are this process's.
  explicit CaseQueue(CaseSource* source) : source_(source), ended_(source == nullptr) {}

  /// A process begins that can measure `cases`: it gets those of them that are this one's so far.
  void start(const std::vector<int>& cases);
  /// The next one for it; nothing: there is none at this moment. Throws SourceLost.
  std::optional<int> next();
  /// Whether there will be none any more.
  [[nodiscard]] bool over() const { return ended_ && left_.empty(); }

 private:
  void take_more();

  CaseSource* source_;
  bool ended_;                 ///< the source has no more
  std::vector<int> received_;  ///< from the source
  std::set<int> measurable_;
  std::deque<int> left_;
};

}  // namespace twofour::run
