#include "app/watchdog.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace twofour::app {

Watchdog::Watchdog(const run::Activity& activity, double timeout_s, OnTimeout on_timeout) {
  if (timeout_s <= 0) return;
  thread_ = std::jthread(
      [&activity, timeout_s, call = std::move(on_timeout)](const std::stop_token& stop) {
        const auto timeout = std::chrono::duration<double>(timeout_s);
        const auto tick =
            std::min<std::chrono::duration<double>>(timeout / 4, std::chrono::milliseconds(50));
        while (!stop.stop_requested()) {
          std::this_thread::sleep_for(tick);
          const run::Activity::Entry entry = activity.current();
          if (entry.record && run::Activity::Clock::now() - entry.since > timeout) {
            call(entry);
            return;
          }
        }
      });
}

}  // namespace twofour::app
