#include "report/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "report/shell_text.h"

namespace twofour::report {
namespace {

constexpr std::string_view kOutputDir = "--output-dir";
/// A row is called precise where its median's interval is within this share of it either way: the
/// default of --precision.
constexpr double kPrecise = 0.01;

/// Members of the details that a reader asks for first, and what they are called.
struct Detail {
  std::string_view name;
  std::string_view words;
};
constexpr std::array kDetails{Detail{"driver", "driver"}, Detail{"cuda_runtime", "CUDA"},
                              Detail{"governor", "governor"}, Detail{"energy", "energy"}};

std::string device_fact(const Environment& e) {
  std::vector<std::string> parts{e.device.id.name, e.device.architecture};
  if (!e.device.id.uuid.empty()) parts.push_back(e.device.id.uuid);
  for (const Detail& detail : kDetails) {
    const auto found = e.device.details.find(std::string(detail.name));
    if (found != e.device.details.end() && !found->second.empty()) {
      parts.push_back(fmt::format("{} {}", detail.words, found->second));
    }
  }
  if (e.device.id.kind == DeviceKind::kCpu) {
    parts.push_back(
        fmt::format("{} {}", e.device.threads, e.device.threads == 1 ? "thread" : "threads"));
  } else {
    parts.push_back(e.host_cpu);
  }
  parts.push_back(e.operating_system);
  std::erase(parts, "");
  return fmt::format("{}; started {}.", fmt::join(parts, ", "), e.started_utc);
}

std::string build_fact(const Environment& e) {
  std::vector<std::string> libraries;
  libraries.reserve(e.libraries.size());
  for (const auto& [name, version] : e.libraries) libraries.push_back(name + " " + version);
  return fmt::format("Libraries: {}; twofour {}, commit {}, {}, {}.", fmt::join(libraries, ", "),
                     e.twofour_version, e.git_commit, e.build_type, e.compiler);
}

std::string throttle_text(const Record& r) {
  if (!r.clocks.throttle_reasons) return "not readable";
  return r.clocks.throttle_reasons->empty() ? "none" : *r.clocks.throttle_reasons;
}

/// "1500 to 1980 MHz"; `clocks` is not empty.
std::string range_text(const std::vector<double>& clocks) {
  const auto [low, high] = std::minmax_element(clocks.begin(), clocks.end());
  return fmt::format("{:.0f} to {:.0f} MHz", *low, *high);
}

/// Empty where no clock is known.
std::string clock_fact(const Run& run) {
  std::vector<double> clocks;
  std::vector<double> effective;
  std::map<std::string, std::size_t> throttled;
  for (const Record& r : run.records) {
    if (!r.summary) continue;
    if (r.clocks.core_mhz) clocks.push_back(*r.clocks.core_mhz);
    if (r.clocks.effective_sm_mhz) effective.push_back(*r.clocks.effective_sm_mhz);
    if (r.clocks.core_mhz || r.clocks.effective_sm_mhz) ++throttled[throttle_text(r)];
  }
  if (clocks.empty() && effective.empty()) return {};
  std::string text = "Clock while rows were measured: ";
  if (!clocks.empty()) text += range_text(clocks);
  const auto& details = run.environment.device.details;
  const auto most = details.find("max_sm_clock_mhz");
  if (!clocks.empty() && most != details.end()) text += " of at most " + most->second;
  if (!effective.empty()) {
    text += fmt::format("{}{} by cycles of the SMs over time ({} {})",
                        clocks.empty() ? "" : " by the driver, ", range_text(effective),
                        effective.size(), effective.size() == 1 ? "row" : "rows");
  }
  std::vector<std::string> reasons;
  reasons.reserve(throttled.size());
  for (const auto& [reason, count] : throttled) {
    reasons.push_back(fmt::format("{} ({} {})", reason, count, count == 1 ? "row" : "rows"));
  }
  return text + fmt::format("; throttle reasons: {}.", fmt::join(reasons, ", "));
}

/// Empty where nothing was measured.
std::string precision_fact(const Run& run) {
  std::size_t measured = 0;
  std::size_t precise = 0;
  for (const Record& r : run.records) {
    if (!r.summary) continue;
    ++measured;
    const Interval& interval = r.summary->median_interval_s;
    if (interval.high - interval.low <= 2 * kPrecise * r.summary->median_s) ++precise;
  }
  if (measured == 0) return {};
  return fmt::format(
      "{} of {} measured rows have a 95 % interval of the median within 1 % either way.", precise,
      measured);
}

}  // namespace

std::string command_line(const Environment& environment) {
  std::vector<std::string> words;
  bool skip = false;
  for (const std::string& word : environment.argv) {
    const bool is_option = word == kOutputDir;
    if (!skip && !is_option && !word.starts_with(std::string(kOutputDir) + "=")) {
      words.push_back(shell_quoted(word));
    }
    skip = is_option;
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<std::string> machine_facts(const Run& run) {
  std::vector<std::string> facts{device_fact(run.environment), build_fact(run.environment),
                                 clock_fact(run), precision_fact(run)};
  std::erase(facts, "");
  return facts;
}

}  // namespace twofour::report
