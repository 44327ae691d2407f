#include "device/cpu/foreign_load.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "device/cpu/timer.h"

namespace twofour::device::cpu {
namespace {

/// Shorter than this, one tick of the counters is a large share.
constexpr double kLeast_s = 0.1;

// Columns of a "cpuN" line.
enum Column : std::size_t {
  kUser,
  kNice,
  kSystem,
  kIdle,
  kIoWait,
  kIrq,
  kSoftIrq,
  kSteal,
  kColumns
};

/// The counters of a line such as "cpu3 10 0 5 ...". Old systems and some containers have fewer.
std::array<std::optional<double>, kColumns> ticks(std::string_view counters) {
  std::array<std::optional<double>, kColumns> values;
  for (std::optional<double>& value : values) {
    counters.remove_prefix(std::min(counters.find_first_not_of(' '), counters.size()));
    std::uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(counters.data(), counters.data() + counters.size(), number);
    if (error != std::errc{}) break;
    value = static_cast<double>(number);
    counters.remove_prefix(static_cast<std::size_t>(end - counters.data()));
  }
  return values;
}

double process_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

std::optional<LoadReading> read_load(const HostFiles& files, std::span<const int> processors) {
  const std::optional<std::string> text = files.text("proc/stat");
  if (!text) return std::nullopt;
  const auto ticks_per_s = static_cast<double>(std::max(1L, sysconf(_SC_CLK_TCK)));
  LoadReading reading{.at_s = now_s(), .own_s = process_s()};
  const auto add = [&](const std::string& key) {
    const std::optional<std::string> counters = field(*text, key);
    if (!counters) return false;
    const auto t = ticks(*counters);
    double busy = 0;
    for (const Column column : {kUser, kNice, kSystem, kIrq, kSoftIrq}) {
      busy += t[column].value_or(0);
    }
    reading.busy_s += busy / ticks_per_s;
    if (reading.processors == 0) reading.steal_s = 0;
    if (reading.steal_s && t[kSteal]) {
      *reading.steal_s += *t[kSteal] / ticks_per_s;
    } else {
      reading.steal_s.reset();
    }
    ++reading.processors;
    return true;
  };
  if (processors.empty()) {
    for (int cpu = 0; add("cpu" + std::to_string(cpu)); ++cpu) {
    }
  }
  for (const int cpu : processors) add("cpu" + std::to_string(cpu));
  if (reading.processors == 0) return std::nullopt;
  return reading;
}

std::optional<ForeignLoad> foreign_between(const LoadReading& before, const LoadReading& after) {
  const double elapsed_s = after.at_s - before.at_s;
  if (!(elapsed_s >= kLeast_s) || after.processors == 0 || before.processors != after.processors) {
    return std::nullopt;
  }
  const double there_s = elapsed_s * static_cast<double>(after.processors);
  const auto share = [&](double seconds) { return std::clamp(seconds / there_s, 0.0, 1.0); };
  ForeignLoad load{.foreign = share((after.busy_s - before.busy_s) - (after.own_s - before.own_s))};
  if (before.steal_s && after.steal_s) load.stolen = share(*after.steal_s - *before.steal_s);
  return load;
}

std::optional<int> running_beside(const HostFiles& files) {
  const auto running =
      leading_number(field(files.text("proc/stat").value_or(""), "procs_running").value_or(""));
  if (!running || *running == 0) return std::nullopt;
  return static_cast<int>(*running) - 1;
}

}  // namespace twofour::device::cpu
