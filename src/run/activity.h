// What the runner is doing now, for a watchdog on another thread to read.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/record.h"

namespace twofour::run {

/// Thread-safe. The runner says which kernel it is about to call; the watchdog asks for how long.
class Activity {
 public:
  using Clock = std::chrono::steady_clock;

  /// What a search is trying.
  struct Attempt {
    std::string algorithm;  ///< empty: nothing
    std::function<void()> never_again;
  };
  struct Entry {
    /// The row that stands for the kernel in hand, should the call never return; null between
    /// kernels.
    std::shared_ptr<const Record> record;
    Clock::time_point since;
    Attempt attempt;
  };

  void enter(std::shared_ptr<const Record> record) {
    const std::lock_guard lock(mutex_);
    current_ = {std::move(record), Clock::now(), {}};
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    current_.record.reset();
    current_.attempt = {};
  }
  /// Each attempt has the time that a call has.
  void try_algorithm(Attempt attempt) {
    const std::lock_guard lock(mutex_);
    current_.attempt = std::move(attempt);
    current_.since = Clock::now();
  }
  [[nodiscard]] Entry current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  mutable std::mutex mutex_;
  Entry current_;
};

/// Enters on construction, leaves on destruction.
class ActivityScope {
 public:
  ActivityScope(Activity& activity, std::shared_ptr<const Record> record) : activity_(activity) {
    activity_.enter(std::move(record));
  }
  ~ActivityScope() { activity_.leave(); }
  ActivityScope(const ActivityScope&) = delete;
  ActivityScope& operator=(const ActivityScope&) = delete;

 private:
  Activity& activity_;
};

}  // namespace twofour::run
