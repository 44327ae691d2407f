#include "report/left_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "report/columns.h"
#include "report/printable.h"
#include "report/row_index.h"

namespace twofour::report {
namespace {

constexpr std::size_t kMostReasons = 8;
constexpr std::size_t kMostOfAReason = 100;

}  // namespace

std::string reason_of(const Record& record) {
  return record.outcome.measured() ? std::string()
                                   : cut_end(printable(no_result(record)), kMostOfAReason);
}

std::vector<std::string> reason_lines(std::vector<CountedReason> counts, std::size_t rows) {
  if (counts.empty()) return {};
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
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
      fmt::format("{} of {} rows {} no result:", total, rows, total == 1 ? "has" : "have");
  return lines;
}

std::vector<std::string> rows_without_result(std::span<const Record> rows) {
  std::vector<CountedReason> counts;
  std::map<std::string, std::size_t> places;
  for (const Record& r : rows) {
    std::string reason = reason_of(r);
    if (reason.empty()) continue;
    const auto [place, is_new] = places.try_emplace(reason, counts.size());
    if (is_new) counts.emplace_back(std::move(reason), 0);
    ++counts[place->second].second;
  }
  return reason_lines(std::move(counts), rows.size());
}

std::vector<std::string> left_out(std::span<const Run> runs) {
  RowIndex index;
  for (const Run& run : runs) {
    index.begin(run);
    for (const Record& record : run.records) index.add(record, run);
  }
  index.finish(runs);
  return index.left_out();
}

}  // namespace twofour::report
