#include "app/same_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "app/command.h"
#include "app/option_names.h"

namespace twofour::app {
namespace {

/// Null: there is none such. The index of a case is its place.
const workload::Case* case_of(std::span<const workload::Case> cases, const Record& record) {
  const auto place = static_cast<std::size_t>(record.case_index);
  if (place >= cases.size()) return nullptr;
  const workload::Case& c = cases[place];
  const bool same = c.shape == record.problem.shape && c.model == record.model &&
                    c.layer == record.layer && c.tensor_parallel == record.tensor_parallel &&
                    (!record.tokens || c.tokens == record.tokens);
  return same ? &c : nullptr;
}

/// A command line without its device.
std::string without_device(std::string line) {
  const std::string option = fmt::format(" {} ", option::kDevice);
  const std::size_t begin = line.find(option);
  if (begin == std::string::npos) return line;
  const std::size_t end = line.find(' ', begin + option.size());  // no device has a space
  return line.erase(begin, std::min(end, line.size()) - begin);
}

}  // namespace

void check_same_run(const Session& session, std::span<const workload::Case> cases,
                    std::span<const Record> records, const MayDiffer& may) {
  const auto same = [&](const std::string& here, const std::string& there) {
    return here == there || (may.any_device && without_device(here) == without_device(there));
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const workload::Case* const c = case_of(cases, record);
    const std::string here = c == nullptr ? "no such case" : session.config.repro_line(*c);
    const bool same_command = may.anyway ? c != nullptr : same(here, record.repro);
    if (same_command && record.mode == session.config.mode) continue;
    throw UsageError(
        fmt::format("--resume: result {} of the file belongs to another command line: "
                    "{} case {} ('{}'), and this one has '{}'",
                    i + 1, to_string(record.mode), record.case_index, record.repro, here));
  }
}

}  // namespace twofour::app
