#include "app/same_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"

namespace twofour::app {

void check_same_run(const Session& session, std::span<const workload::Case> cases,
                    std::span<const Record> records, bool anyway) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const auto c = std::find_if(cases.begin(), cases.end(), [&](const workload::Case& known) {
      return known.index == record.case_index && known.shape == record.problem.shape &&
             known.model == record.model && known.layer == record.layer &&
             (!record.tokens || known.tokens == record.tokens);
    });
    const std::string here =
        c == cases.end() ? "no such case" : session.config.repro_line(c->shape);
    const bool same_command = anyway ? c != cases.end() : here == record.repro;
    if (same_command && record.mode == session.config.mode) continue;
    throw UsageError(
        fmt::format("--resume: result {} of the file belongs to another command line: "
                    "{} case {} ('{}'), and this one has '{}'",
                    i + 1, to_string(record.mode), record.case_index, record.repro, here));
  }
}

}  // namespace twofour::app
