#include "report/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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
  for (const auto& [name, version] : e.libraries) {
    libraries.push_back(fmt::format("{} {}", name, version));
  }
  return fmt::format("Libraries: {}; twofour {}, commit {}, {}, {}.", fmt::join(libraries, ", "),
                     e.twofour_version, e.git_commit, e.build_type, e.compiler);
}

std::string throttle_text(const Record& r) {
  if (!r.clocks.throttle_reasons) return std::string(kUnreadableThrottling);
  return r.clocks.throttle_reasons->empty() ? std::string(kNoThrottling)
                                            : std::string(*r.clocks.throttle_reasons);
}

/// "1500 to 1980 MHz"
std::string range_text(const Span& clocks) {
  return fmt::format("{:.0f} to {:.0f} MHz", clocks.low, clocks.high);
}

/// Empty where no clock is known.
std::string clock_fact(const Environment& environment, const RowFacts& facts) {
  const Span& driver = facts.core_mhz;
  const Span& effective = facts.effective_sm_mhz;
  if (driver.rows == 0 && effective.rows == 0) return {};
  std::string text = "Clock while rows were measured: ";
  if (driver.rows > 0) text += range_text(driver);
  const auto& details = environment.device.details;
  const auto most = details.find("max_sm_clock_mhz");
  if (driver.rows > 0 && most != details.end()) text += " of at most " + most->second;
  if (effective.rows > 0) {
    text += fmt::format("{}{} by cycles of the SMs over time ({} {})",
                        driver.rows == 0 ? "" : " by the driver, ", range_text(effective),
                        effective.rows, effective.rows == 1 ? "row" : "rows");
  }
  std::vector<std::string> reasons;
  reasons.reserve(facts.throttled.size());
  for (const auto& [reason, count] : facts.throttled) {
    reasons.push_back(fmt::format("{} ({} {})", reason, count, count == 1 ? "row" : "rows"));
  }
  return text + fmt::format("; throttle reasons: {}.", fmt::join(reasons, ", "));
}

/// Empty where nothing was measured.
std::string precision_fact(const RowFacts& facts) {
  if (facts.measured == 0) return {};
  return fmt::format(
      "{} of {} measured rows have a 95 % interval of the median within 1 % either way.",
      facts.precise, facts.measured);
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

void Span::add(std::optional<double> value) {
  if (!value) return;
  low = rows == 0 ? *value : std::min(low, *value);
  high = rows == 0 ? *value : std::max(high, *value);
  ++rows;
}

void RowFacts::add(const Record& r) {
  ++rows;
  if (!r.summary) return;
  core_mhz.add(r.clocks.core_mhz);
  effective_sm_mhz.add(r.clocks.effective_sm_mhz);
  memory_mhz.add(r.clocks.memory_mhz);
  power_w.add(r.clocks.power_w);
  temperature_c.add(r.clocks.temperature_c);
  if (r.clocks.core_mhz || r.clocks.effective_sm_mhz) ++throttled[throttle_text(r)];
  ++measured;
  const Interval& interval = r.summary->median_interval_s;
  if (interval.high - interval.low <= 2 * kPrecise * r.summary->median_s) ++precise;
}

std::vector<std::string> machine_facts(const Environment& environment, const RowFacts& rows) {
  std::vector<std::string> facts{device_fact(environment), build_fact(environment),
                                 clock_fact(environment, rows), precision_fact(rows)};
  std::erase(facts, "");
  return facts;
}

}  // namespace twofour::report
