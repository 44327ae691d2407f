#include "run/limits.h"

namespace twofour::run {

bool beyond_limit(const providers::KernelInfo& kernel, const workload::Case& c) {
  return !c.skip_reason && kernel.most_m && c.shape.m > *kernel.most_m;
}

LimitCases limit_cases(std::span<const workload::Case> cases,
                       std::span<const SelectedKernel> kernels) {
  LimitCases limits;
  for (const workload::Case& c : cases) {
    for (const SelectedKernel& selected : kernels) {
      if (beyond_limit(selected.kernel, c)) limits.try_emplace(selected.kernel.name, c.index);
    }
  }
  return limits;
}

bool has_rows(const providers::KernelInfo& kernel, const workload::Case& c,
              const LimitCases& limits) {
  if (!beyond_limit(kernel, c)) return true;
  const auto said = limits.find(kernel.name);
  return said == limits.end() || said->second == c.index;
}

}  // namespace twofour::run
