#include "device/cpu/team.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace twofour::device::cpu {

int startable_threads(int wanted) {
  std::mutex mutex;
  std::condition_variable released;
  bool go = false;
  std::vector<std::jthread> threads;
  try {
    threads.reserve(static_cast<std::size_t>(wanted));
    while (static_cast<int>(threads.size()) + 1 < wanted) {
      threads.emplace_back([&] {
        std::unique_lock lock(mutex);
        released.wait(lock, [&] { return go; });
      });
    }
  } catch (const std::exception&) {  // no more of them
  }
  const int started = static_cast<int>(threads.size()) + 1;
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  released.notify_all();
  return started;
}

std::vector<std::string> team_notes(const Team& team) {
  const auto threads_text = [](int count) {
    return fmt::format("{} thread{}", count, count == 1 ? "" : "s");
  };
  std::vector<std::string> notes;
  if (team.threads < team.wanted) {
    notes.push_back(fmt::format(
        "{} can be had of the {} asked for (a limit on processes, on memory or of the OpenMP "
        "runtime), and compute",
        threads_text(team.threads), team.wanted));
  }
  if (team.threads > team.processors) {
    notes.push_back(fmt::format(
        "{} share the {} processor{} that this process may use (affinity mask): they take turns",
        threads_text(team.threads), team.processors, team.processors == 1 ? "" : "s"));
  }
  if (team.quota && team.threads > *team.quota) {
    notes.push_back(
        fmt::format("{} exceed the CPU quota of {:.2f} processors (cgroup), which will stop them "
                    "again and again; fewer --threads avoid that",
                    threads_text(team.threads), *team.quota));
  }
  return notes;
}

}  // namespace twofour::device::cpu
