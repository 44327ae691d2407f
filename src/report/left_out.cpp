#include "report/left_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "report/columns.h"
#include "report/pattern_text.h"
#include "report/printable.h"
#include "report/results.h"

namespace twofour::report {
namespace {

constexpr std::size_t kMostReasons = 8;
constexpr std::size_t kMostOfAReason = 100;

/// Each outcome and reason with how many rows have it, the most frequent first.
std::vector<std::pair<std::string, std::size_t>> counted_reasons(
    std::span<const Record* const> rows) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  std::map<std::string, std::size_t> places;
  for (const Record* r : rows) {
    if (r->outcome.measured()) continue;
    std::string reason = cut_end(printable(no_result(*r)), kMostOfAReason);
    const auto [place, is_new] = places.try_emplace(reason, counts.size());
    if (is_new) counts.emplace_back(std::move(reason), 0);
    ++counts[place->second].second;
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return counts;
}

std::vector<std::string> lines_of(std::span<const Record* const> rows) {
  const auto counts = counted_reasons(rows);
  if (counts.empty()) return {};
  std::size_t total = 0;
  std::size_t others = 0;
  std::vector<std::string> lines{""};
  for (const auto& [reason, count] : counts) {
    total += count;
    if (lines.size() <= kMostReasons) {
      lines.push_back(fmt::format("  {} {}", count, reason));
    } else {
      others += count;
    }
  }
  if (others > 0) lines.push_back(fmt::format("  {} for other reasons", others));
  lines.front() =
      fmt::format("{} of {} rows {} no result:", total, rows.size(), total == 1 ? "has" : "have");
  return lines;
}

}  // namespace

std::vector<std::string> rows_without_result(std::span<const Record> rows) {
  std::vector<const Record*> places;
  places.reserve(rows.size());
  for (const Record& r : rows) places.push_back(&r);
  return lines_of(places);
}

std::vector<std::string> left_out(std::span<const Run> runs) {
  std::vector<std::string> out;
  const std::vector<SweepRows> sweeps = rows_by_sweep(runs, out);
  std::vector<std::string> told;
  told.reserve(out.size());
  for (const std::string& line : out) told.push_back("left out: " + printable(line));
  if (sweeps.empty()) told.emplace_back("the files hold no rows");
  for (const SweepRows& sweep : sweeps) {
    std::vector<std::string> lines = lines_of(sweep.rows);
    if (lines.empty()) continue;
    lines.front() =
        fmt::format("{}, {}{} {}: {}", printable(sweep.title), info(sweep.dtype).cli_name,
                    pattern_mark(sweep.pattern), to_string(sweep.mode), lines.front());
    told.insert(told.end(), lines.begin(), lines.end());
  }
  return told;
}

}  // namespace twofour::report
