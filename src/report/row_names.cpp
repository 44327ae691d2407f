#include "report/row_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

#include "report/results.h"

namespace twofour::report {
namespace {

/// The host of a rank. Empty where the ranks shared the cases, and count as one; and for a run that
/// was no part of a job: there, names of hosts tell nothing, because a container has a new one each
/// time.
std::string host_of(const Environment& environment) {
  const auto& details = environment.device.details;
  const auto host = details.find("host");
  const bool is_told = host != details.end() && details.contains("job") && !is_split(environment);
  return is_told ? host->second : std::string();
}

/// What is measured, whatever measures it.
std::string case_key(const Record& r) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", to_string(r.mode), info(r.dtype).cli_name,
                     to_string(r.pattern), r.model, r.layer, r.tensor_parallel,
                     mkn(r.problem.shape));
}

/// A sweep may have one problem several times, as cases of their own: the first of a file is the
/// same as the first of another, the second as the second.
class Occurrences {
 public:
  std::size_t operator()(std::size_t source, const RowName& row) {
    std::map<int, std::size_t>& cases = cases_[hash_on(source, row.problem)];
    const std::size_t number = cases.try_emplace(row.case_index, cases.size()).first->second;
    return hash_on(row.problem, number);
  }

 private:
  std::unordered_map<std::size_t, std::map<int, std::size_t>> cases_;  ///< index to number
};

/// Places in `runs`, those that started earlier first.
std::vector<std::size_t> by_start(std::span<const RunNames> runs) {
  std::vector<std::size_t> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return runs[a].started_unix_s < runs[b].started_unix_s;
  });
  return order;
}

}  // namespace

std::string device_key(const DeviceId& id, const Environment& environment) {
  if (!id.uuid.empty()) return id.uuid;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", to_string(id.kind), id.ordinal, id.name,
                     environment.host_cpu, environment.device.architecture,
                     environment.device.threads, host_of(environment));
}

std::string device_title(const DeviceId& id, const Environment& environment) {
  std::vector<std::string> parts{id.name.empty() ? std::string(to_string(id.kind)) : id.name.str(),
                                 id.uuid};
  if (id.kind == DeviceKind::kCpu) {
    const int threads = environment.device.threads;
    parts.push_back(environment.device.architecture);
    parts.push_back(fmt::format("{} {}", threads, threads == 1 ? "thread" : "threads"));
    parts.push_back(host_of(environment));
  } else if (id.uuid.empty() && !is_split(environment)) {
    parts.push_back(fmt::format("cuda:{} of {}", id.ordinal, environment.host_cpu));
  }
  if (is_split(environment)) parts.emplace_back("several alike");
  std::erase(parts, "");
  return fmt::format("{}", fmt::join(parts, ", "));
}

RowName row_name(const Record& record, const Run& run) {
  const std::hash<std::string> hash;
  return {.problem = hash(case_key(record)),
          .case_index = record.case_index,
          .kernel = hash(fmt::format("{}\n{}\n{}\n{}\n{}",
                                     device_key(counted_device(record, run), run.environment),
                                     to_string(record.problem), record.provider, record.kernel,
                                     to_string(record.cache.mode)))};
}

std::vector<std::vector<CountedRow>> counted_rows(std::span<const RunNames> runs,
                                                  std::size_t& doubles) {
  struct Place {
    std::size_t run = 0;
    std::size_t row = 0;
  };
  Occurrences occurrences;
  std::unordered_map<std::size_t, Place> latest;
  std::vector<std::vector<CountedRow>> counted(runs.size());
  doubles = 0;
  for (const std::size_t i : by_start(runs)) {
    const std::size_t source = std::hash<std::string>{}(runs[i].source);
    counted[i].reserve(runs[i].rows.size());
    for (const RowName& row : runs[i].rows) {
      const std::size_t place = counted[i].size();
      counted[i].push_back({.counts = true, .case_name = occurrences(source, row)});
      const auto [found, is_new] =
          latest.try_emplace(hash_on(counted[i].back().case_name, row.kernel), Place{i, place});
      if (is_new) continue;
      counted[found->second.run][found->second.row].counts = false;
      found->second = {i, place};
      ++doubles;
    }
  }
  return counted;
}

void tell_doubles(std::size_t doubles, std::vector<std::string>& told) {
  if (doubles == 0) return;
  told.push_back(fmt::format("{} that {} measured again: the later one counts",
                             doubles == 1 ? "1 row" : fmt::format("{} rows", doubles),
                             doubles == 1 ? "was" : "were"));
}

void tell_of_files(std::span<const Run> runs, std::vector<std::string>& told) {
  std::size_t attempts = 0;
  for (const Run& run : runs) {
    attempts += run.attempts;
    if (run.cut) {
      told.push_back(
          fmt::format("the last line of '{}', which has no end: its run was stopped, "
                      "or is at work",
                      run.source));
    }
  }
  if (attempts > 0) {
    told.push_back(fmt::format("{} of searches that ended the process, which {} no result",
                               attempts == 1 ? "1 attempt" : fmt::format("{} attempts", attempts),
                               attempts == 1 ? "is" : "are"));
  }
}

}  // namespace twofour::report
