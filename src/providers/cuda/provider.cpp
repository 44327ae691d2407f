// Kernels of our own for GPUs: 2:4 and dense for small M and batches, 2:4 for large M.
#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "providers/cuda/architectures.h"
#include "providers/gpu_fit/fitted_operation.h"
#include "providers/provider.h"

namespace twofour::providers {
namespace cuda {
namespace {

void add_kernels(std::vector<KernelInfo>& kernels, const TypePair& types, const Architecture& own) {
  const auto [a, d] = types;
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    for (const bool bias : {false, true}) {
      kernels.push_back(
          {.name = kernel_name("cuda", a, a, d, sparsity, bias),
           .a = a,
           .b = a,
           .d = d,
           .sparsity = sparsity,
           .bias = bias,
           .accumulation = is_float8(a) ? Accumulation::kFp8Fast : Accumulation::kWide,
           .most_m = own.most_m({.a = a, .b = a, .d = d, .sparsity = sparsity})});
    }
  }
}

/// What batches have of the kernels above: any M, no bias.
void add_batched(std::vector<KernelInfo>& kernels, const TypePair& types) {
  const auto [a, d] = types;
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    kernels.push_back(
        batched({.name = kernel_name("cuda", a, a, d, sparsity, false),
                 .a = a,
                 .b = a,
                 .d = d,
                 .sparsity = sparsity,
                 .accumulation = is_float8(a) ? Accumulation::kFp8Fast : Accumulation::kWide}));
  }
}

class CudaProvider final : public Provider {
 public:
  /// Throws as architecture_of() does.
  explicit CudaProvider(const device::Device& device) : own_(architecture_of(device)) {}

  [[nodiscard]] std::string version() const override { return TWOFOUR_VERSION; }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    std::vector<KernelInfo> kernels;
    for (const TypePair& types : own_.types) add_kernels(kernels, types, own_);
    for (const TypePair& types : own_.types) add_batched(kernels, types);
    return kernels;
  }

  [[nodiscard]] Support supports(const KernelInfo& /*kernel*/,
                                 const GemmProblem& problem) const override {
    if (Support whole = whole_groups(problem); !whole) return whole;
    const Fit fit = fit_of(problem);
    if (Support batch = fits_as_batch(fit, side_units(problem)); !batch) return batch;
    const GemmProblem& given = fit.given;
    const std::optional<std::int64_t> most_m = own_.most_m(given);
    if (most_m && given.shape.m > *most_m) {
      return Support::no(fmt::format("M = {}: {} kernels of {} are for at most {} tokens",
                                     given.shape.m, to_string(given.sparsity),
                                     info(given.a).kernel_name, *most_m));
    }
    return Support::yes();
  }

  [[nodiscard]] bool expands_six_eight() const override { return true; }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    const Fit fit = fit_of(problem);
    return footprint_of(fit, {.weights = own_.weight_layout(fit.given),
                              .workspace_bytes = own_.workspace_bytes(fit.given)});
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    const Fit fit = fit_of(problem);
    pack_fitted(fit, task, [&](const PackTask& given) { own_.pack_weights(fit.given, given); });
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    const Fit fit = fit_of(problem);
    return fitted(fit, own_.make_operation(kernel.name, fit.given));
  }

 private:
  /// N of any size is packed into whole tiles, and none of their columns beyond N is stored.
  [[nodiscard]] Fit fit_of(const GemmProblem& problem) const {
    return fit_to(problem, side_units(problem));
  }
  [[nodiscard]] SideUnits side_units(const GemmProblem& problem) const {
    return {.k = elements_in(problem.a, own_.row_multiple)};
  }

  const Architecture& own_;
};

}  // namespace
}  // namespace cuda

std::unique_ptr<Provider> make_cuda_provider(const device::Device& device) {
  return std::make_unique<cuda::CudaProvider>(device);
}

}  // namespace twofour::providers
