// Ends a kernel that does not come back.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "run/activity.h"

namespace twofour::app {

/// Watches `activity` from a thread of its own. When one kernel has been in hand for longer than
/// `timeout_s`, calls `on_timeout` with the entry, once, on that thread; the call is expected not
/// to return. A timeout of 0 watches nothing.
class Watchdog {
 public:
  using OnTimeout = std::function<void(const run::Activity::Entry&)>;
  Watchdog(const run::Activity& activity, double timeout_s, OnTimeout on_timeout);

 private:
  std::jthread thread_;
};

}  // namespace twofour::app
