#include "app/dry_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "run/case_plan.h"
#include "run/limits.h"

namespace twofour::app {
namespace {

double mib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

/// What one kernel takes by itself. Sets `runs` where it would be measured.
std::string need_text(const Session& session, const workload::Case& c,
                      const run::SelectedKernel& selected, const run::MemoryFacts& facts,
                      bool& runs) {
  const run::KernelPlan plan =
      run::plan_case(session.config, c, {&selected, 1}, facts).kernels.front();
  const OutcomeKind outcome = plan.outcome.kind;
  if (outcome == OutcomeKind::kUnsupported || outcome == OutcomeKind::kFailed) {
    return fmt::format("{}: {}", to_string(outcome), plan.outcome.reason);
  }
  runs = runs || plan.runs();
  return fmt::format("{:10.2f} MiB = operands {:.2f} + weights {:.2f} ({} {}) + other {:.2f}",
                     mib(plan.total_bytes()), mib(plan.operand_bytes), mib(plan.weight_bytes()),
                     plan.weight_copies(), plan.weight_copies() == 1 ? "copy" : "copies",
                     mib(plan.output_bytes + plan.workspace_bytes));
}

std::string case_text(const Session& session, const workload::Case& c, std::size_t name_width,
                      const run::MemoryFacts& facts, const run::LimitCases& limits, bool& runs) {
  std::string title = fmt::format("[{}]  MKN=({})", c.index, mkn(c.shape));
  if (!c.model.empty()) {
    title += fmt::format("  {} {} TP {}", c.model, c.layer, c.tensor_parallel);
    if (c.tokens) title += fmt::format(", {} tokens", *c.tokens);
    if (c.calls && c.instances) {
      title +=
          fmt::format(": {} {} {} such weights{}", *c.calls, c.experts ? "launches over" : "of",
                      *c.instances, c.prefill_only ? ", in prefill only" : "");
    }
  }
  if (c.experts) title += fmt::format(", {} experts in each launch", *c.experts);
  title += '\n';
  if (c.skip_reason) return title + "  skipped: " + *c.skip_reason + "\n";
  for (const run::SelectedKernel& selected : session.kernels) {
    if (!run::takes_part(selected.kernel, c) || !run::has_rows(selected.kernel, c, limits))
      continue;
    title += fmt::format("  {:<{}}  {}\n", selected.kernel.name, name_width,
                         need_text(session, c, selected, facts, runs));
  }
  return title + "  repro: " + session.config.repro_line(c) + "\n";
}

}  // namespace

DryRun dry_run(const Session& session, std::span<const workload::Case> cases,
               std::span<const int> own) {
  std::size_t width = 0;
  for (const run::SelectedKernel& selected : session.kernels) {
    width = std::max(width, selected.kernel.name.size());
  }
  // Reading how much is free takes longer than planning a case.
  const run::MemoryFacts facts = run::memory_facts(session.device());
  std::vector<workload::Case> own_cases;
  for (const int place : own) own_cases.push_back(cases[static_cast<std::size_t>(place)]);
  const run::LimitCases limits = run::limit_cases(own_cases, session.kernels);
  DryRun plan;
  for (const workload::Case& c : own_cases) {
    plan.text += case_text(session, c, width, facts, limits, plan.anything_runs);
  }
  const auto free_bytes = facts.free_bytes;
  plan.text +=
      fmt::format("{} cases, {} of memory are free on {}\n", own.size(),
                  free_bytes ? fmt::format("{:.2f} MiB", mib(*free_bytes)) : "an unknown amount",
                  session.device().id().name);
  if (session.config.load != Load::kRested) {
    plan.text += fmt::format(
        "sustained load: at least {:.0f} s more for each case that has a dense and a 2:4 kernel, "
        "{:.0f} s for all\n",
        measure::sustained_seconds(session.config.blocks),
        static_cast<double>(cases.size()) * measure::sustained_seconds(session.config.blocks));
  }
  return plan;
}

}  // namespace twofour::app
