#include "app/dry_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "run/case_plan.h"

namespace twofour::app {
namespace {

double mib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

/// What one kernel takes by itself.
std::string need_text(const Session& session, const workload::Case& c,
                      const run::SelectedKernel& selected) {
  const run::KernelPlan plan =
      run::plan_case(session.config, c, {&selected, 1}, session.device()).kernels.front();
  const OutcomeKind outcome = plan.outcome.kind;
  if (outcome == OutcomeKind::kUnsupported || outcome == OutcomeKind::kFailed) {
    return fmt::format("{}: {}", to_string(outcome), plan.outcome.reason);
  }
  return fmt::format("{:10.2f} MiB = operands {:.2f} + weights {:.2f} ({} {}) + other {:.2f}",
                     mib(plan.total_bytes()), mib(plan.operand_bytes), mib(plan.weight_bytes()),
                     plan.cold.copies, plan.cold.copies == 1 ? "copy" : "copies",
                     mib(plan.output_bytes + plan.workspace_bytes));
}

std::string case_text(const Session& session, const workload::Case& c, std::size_t name_width) {
  std::string title = fmt::format("[{}]  MKN=({})", c.index, mkn(c.shape));
  if (!c.model.empty()) {
    title += fmt::format("  {} {} TP {}", c.model, c.layer, c.tensor_parallel);
  }
  title += '\n';
  if (c.skip_reason) return title + "  skipped: " + *c.skip_reason + "\n";
  for (const run::SelectedKernel& selected : session.kernels) {
    title += fmt::format("  {:<{}}  {}\n", selected.kernel.name, name_width,
                         need_text(session, c, selected));
  }
  return title + "  repro: " + session.config.repro_line(c.shape) + "\n";
}

}  // namespace

std::string dry_run_text(const Session& session, std::span<const workload::Case> cases) {
  std::size_t width = 0;
  for (const run::SelectedKernel& selected : session.kernels) {
    width = std::max(width, selected.kernel.name.size());
  }
  std::string text;
  for (const workload::Case& c : cases) text += case_text(session, c, width);
  text +=
      fmt::format("{} cases, {:.2f} MiB of memory are free on {}\n", cases.size(),
                  mib(session.device().memory().status().free_bytes), session.device().id().name);
  return text;
}

}  // namespace twofour::app
