#include "app/dry_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "run/case_plan.h"
#include "run/limits.h"

namespace twofour::app {
namespace {

double mib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

/// A library that thinks about each shape is asked for so many cases; of more it would take longer
/// to show the plan than anyone wants to wait.
constexpr std::size_t kMostExact = 2000;

/// What the lines of a plan are made of.
struct Facts {
  run::MemoryFacts memory;
  run::LimitCases limits;
  run::Answers answers = run::Answers::kExact;
  std::size_t name_width = 0;
};

/// The plan of one kernel by itself; one whose provider throws is `failed` with what().
run::KernelPlan lone_plan(const Session& session, const workload::Case& c,
                          const run::SelectedKernel& selected, const Facts& facts, bool& guessed) {
  run::KernelNeed need;
  try {
    need = run::kernel_need(session.config, c, selected, facts.answers);
  } catch (const std::exception& error) {
    need.outcome = {OutcomeKind::kFailed, error.what()};
  }
  guessed = need.guessed;
  return run::plan_case(session.config, {&need, 1}, facts.memory).kernels.front();
}

/// What one kernel takes by itself. Sets `plan.anything_runs` where it would be measured.
std::string need_text(const Session& session, const workload::Case& c,
                      const run::SelectedKernel& selected, const Facts& facts, DryRun& plan) {
  bool guessed = false;
  const run::KernelPlan kernel = lone_plan(session, c, selected, facts, guessed);
  const OutcomeKind outcome = kernel.outcome.kind;
  if (outcome == OutcomeKind::kUnsupported || outcome == OutcomeKind::kFailed) {
    return fmt::format("{}: {}", to_string(outcome), kernel.outcome.reason);
  }
  plan.anything_runs = plan.anything_runs || kernel.runs();
  plan.anything_guessed = plan.anything_guessed || guessed;
  return fmt::format("{:10.2f} MiB = operands {:.2f} + weights {:.2f} ({} {}) + other {:.2f}{}",
                     mib(kernel.total_bytes()), mib(kernel.operand_bytes),
                     mib(kernel.weight_bytes()), kernel.weight_copies(),
                     kernel.weight_copies() == 1 ? "copy" : "copies",
                     mib(kernel.output_bytes + kernel.workspace_bytes), guessed ? ", about" : "");
}

std::string case_text(const Session& session, const workload::Case& c, const Facts& facts,
                      DryRun& plan) {
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
    if (!run::takes_part(selected.kernel, c)) continue;
    if (!run::has_rows(selected.kernel, c, facts.limits)) continue;
    title += fmt::format("  {:<{}}  {}\n", selected.kernel.name, facts.name_width,
                         need_text(session, c, selected, facts, plan));
  }
  return title + "  repro: " + session.config.repro_line(c) + "\n";
}

}  // namespace

DryRun dry_run(const Session& session, std::span<const workload::Case> cases,
               std::span<const int> own) {
  std::vector<workload::Case> own_cases;
  own_cases.reserve(own.size());
  for (const int place : own) own_cases.push_back(cases[static_cast<std::size_t>(place)]);
  // Reading how much is free takes longer than planning a case.
  Facts facts{.memory = run::memory_facts(session.device()),
              .limits = run::limit_cases(own_cases, session.kernels),
              .answers = own.size() > kMostExact ? run::Answers::kQuick : run::Answers::kExact};
  for (const run::SelectedKernel& selected : session.kernels) {
    facts.name_width = std::max(facts.name_width, selected.kernel.name.size());
  }
  DryRun plan;
  for (const workload::Case& c : own_cases) {
    plan.text += case_text(session, c, facts, plan);
  }
  if (plan.anything_guessed) {
    plan.text += fmt::format(
        "about: of more than {} cases, a library that takes long to answer is not asked for each; "
        "its kernels may be unsupported at some shapes, and need somewhat other memory\n",
        kMostExact);
  }
  const auto free_bytes = facts.memory.free_bytes;
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
