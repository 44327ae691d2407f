#include "providers/cutlass/kernel_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

namespace twofour::providers::cutlass {
namespace {

constexpr std::string_view kFixedSuffix = "_fixed_tiles";

/// int8 with bf16 output alone, which is what vLLM's sparse_benchmarks.py printed; every other type
/// with all its outputs. So each 2:4 kernel that runs by default has its dense twin run by default.
bool by_default(const KernelInfo& kernel) {
  return !is_integer(kernel.a) || kernel.d == DataType::kBf16;
}

/// What the tensor memory accelerator wants rows to be a multiple of.
std::int64_t elements_of_16_bytes(DataType type) { return elements_in(type, 16); }

}  // namespace

bool is_fixed(std::string_view name) { return name.ends_with(kFixedSuffix); }

std::vector<KernelInfo> kernel_infos(std::span<const Kernel* const> kernels) {
  std::vector<KernelInfo> infos;
  for (const Kernel* kernel : kernels) {
    const KernelTraits& traits = kernel->traits();
    for (const bool bias : {false, true}) {
      KernelInfo info{
          .name = kernel_name("cutlass", traits.a, traits.a, traits.d, traits.sparsity, bias),
          .a = traits.a,
          .b = traits.a,
          .d = traits.d,
          .sparsity = traits.sparsity,
          .bias = bias,
          .accumulation = is_float8(traits.a) ? Accumulation::kFp8Fast : Accumulation::kWide};
      info.by_default = by_default(info);
      const bool known = std::any_of(infos.begin(), infos.end(), [&](const KernelInfo& other) {
        return other.name == info.name;
      });
      if (known) continue;
      infos.push_back(info);
      if (info.sparsity != Sparsity::kTwoFour || twofour::info(info.a).bits != 8) continue;
      info.name += kFixedSuffix;
      info.by_default = false;
      infos.push_back(info);
    }
  }
  // Dense before 2:4, plain before bias: the order of the tables.
  std::stable_sort(infos.begin(), infos.end(), [](const KernelInfo& x, const KernelInfo& y) {
    return std::tuple(x.a, x.sparsity, x.d, x.bias) < std::tuple(y.a, y.sparsity, y.d, y.bias);
  });
  return infos;
}

SideUnits side_units(const GemmProblem& problem) {
  return {.k = elements_of_16_bytes(problem.a), .n = elements_of_16_bytes(problem.d)};
}

Support support_of(const Architecture& architecture, std::span<const Kernel* const> kernels,
                   const GemmProblem& problem, bool fixed) {
  const GemmShape& shape = problem.shape;
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (shape.m > kMost || shape.n > kMost || shape.k > kMost) {
    return Support::no("CUTLASS counts M, N and K in 32 bits");
  }
  if (fixed) {
    if (!architecture.fixed_candidate(kernels, problem).empty()) return Support::yes();
    return Support::no(
        "this build lacks the kernel that vLLM's sparse_benchmarks.py would have taken");
  }
  const bool some = std::any_of(kernels.begin(), kernels.end(), [&](const Kernel* kernel) {
    const KernelTraits& traits = kernel->traits();
    return traits.a == problem.a && traits.d == problem.d && traits.sparsity == problem.sparsity &&
           kernel->can_implement(shape);
  });
  if (some) return Support::yes();
  return Support::no("no CUTLASS kernel of this build takes a problem of this shape");
}

}  // namespace twofour::providers::cutlass
