#include "device/gpu_neighbours.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <vector>

namespace twofour::device {
namespace {

/// A chain of parents that is longer was read while processes came and went.
constexpr int kMostParents = 64;
/// The same as that of the flag BUSY.
constexpr double kBusyShare = 0.05;

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The value of `name` among variables that are separated by zero bytes.
std::string_view variable(std::string_view environment, std::string_view name) {
  while (!environment.empty()) {
    const std::string_view entry = environment.substr(0, environment.find('\0'));
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
    environment.remove_prefix(std::min(environment.size(), entry.size() + 1));
  }
  return {};
}

std::string job_of(std::string_view environment) {
  for (const std::string_view name : {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_JOBID"}) {
    const std::string_view value = variable(environment, name);
    if (!value.empty()) return fmt::format("{}={}", name, value);
  }
  const std::string_view slurm = variable(environment, "SLURM_JOB_ID");
  const std::string_view step = variable(environment, "SLURM_STEP_ID");
  return slurm.empty() || step.empty() ? std::string() : fmt::format("slurm {}.{}", slurm, step);
}

/// The first of the processes of this run: the one that has no parent of the same program.
unsigned root_of(unsigned own, const ProcessLookup& lookup) {
  unsigned root = own;
  std::optional<ProcessFacts> facts = lookup(own);
  for (int i = 0; i < kMostParents && facts; ++i) {
    const std::optional<ProcessFacts> parent = lookup(facts->parent);
    if (!parent || parent->program != facts->program) break;
    root = facts->parent;
    facts = parent;
  }
  return root;
}

bool descends_from(unsigned root, unsigned pid, const ProcessLookup& lookup) {
  for (int i = 0; i < kMostParents; ++i) {
    if (pid == root) return true;
    const std::optional<ProcessFacts> facts = lookup(pid);
    if (!facts) return false;
    pid = facts->parent;
  }
  return false;
}

}  // namespace

std::optional<ProcessFacts> process_facts(unsigned pid) {
  const std::string folder = fmt::format("/proc/{}/", pid);
  // "pid (name) state parent ...", and a name may hold anything.
  const std::string stat = contents(folder + "stat");
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  constexpr std::size_t kToParent = 4;  // ") S "
  if (open == std::string::npos || close == std::string::npos || close < open ||
      close + kToParent >= stat.size()) {
    return std::nullopt;
  }
  ProcessFacts facts{.program = stat.substr(open + 1, close - open - 1),
                     .job = job_of(contents(folder + "environ"))};
  const char* first = stat.data() + close + kToParent;
  const auto [end, error] = std::from_chars(first, stat.data() + stat.size(), facts.parent);
  if (error != std::errc{}) return std::nullopt;
  return facts;
}

Neighbours neighbours(std::optional<std::span<const unsigned>> listed, unsigned own,
                      const ProcessLookup& lookup) {
  if (!listed) return {};
  const auto count = static_cast<double>(listed->size());
  if (std::find(listed->begin(), listed->end(), own) == listed->end()) {
    return {.foreign = std::nullopt, .hidden = std::max(0.0, count - 1)};
  }
  const unsigned root = root_of(own, lookup);
  const std::string job = lookup(own).value_or(ProcessFacts{}).job;
  const auto foreign = std::count_if(listed->begin(), listed->end(), [&](unsigned pid) {
    if (descends_from(root, pid, lookup)) return false;
    return job.empty() || lookup(pid).value_or(ProcessFacts{}).job != job;
  });
  return {.foreign = static_cast<double>(foreign), .hidden = 0};
}

ForeignWork foreign_work(const Neighbours& neighbours, std::optional<double> busy) {
  const auto processes = [](double count) {
    return fmt::format("{:.0f} {}", count, count == 1 ? "process" : "processes");
  };
  std::vector<std::string> words;
  ForeignWork work;
  if (busy.value_or(0) > kBusyShare) {
    words.push_back(
        fmt::format("kernels of others run on the GPU for {:.0f} % of a second in which "
                    "this process does nothing",
                    100 * *busy));
    work.disturbs = true;
  }
  if (neighbours.foreign.value_or(0) > 0) {
    words.push_back(
        fmt::format("{} of others computing on the GPU", processes(*neighbours.foreign)));
    work.disturbs = true;
  }
  if (neighbours.hidden.value_or(0) > 0) {
    words.push_back(
        fmt::format("{} on the GPU that cannot be seen from here", processes(*neighbours.hidden)));
  } else if (!neighbours.foreign && !busy) {
    words.emplace_back("whether others use the GPU cannot be seen from here");
  }
  work.words = fmt::format("{}", fmt::join(words, "; "));
  return work;
}

}  // namespace twofour::device
