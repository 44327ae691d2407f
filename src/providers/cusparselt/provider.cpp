// 2:4 products of cuSPARSELt: NVIDIA's own, and what the other 2:4 kernels must beat.
#include "providers/provider.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "providers/cusparselt/matmul.h"
#include "providers/cusparselt/operation.h"
#include "providers/cusparselt/rules.h"
#include "providers/gpu_fit/fitted_operation.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/gpu_library/refusal.h"

namespace twofour::providers {
namespace cusparselt {
namespace {

class CusparseLtProvider final : public Provider {
 public:
  explicit CusparseLtProvider(const device::Device& device)
      : compute_capability_(device::compute_capability_of(device)),
        handle_(std::make_shared<const Handle>()) {}

  [[nodiscard]] std::string version() const override { return handle_->version(); }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    return list_kernels(compute_capability_);
  }

  [[nodiscard]] Support supports(const KernelInfo& /*kernel*/,
                                 const GemmProblem& problem) const override {
    if (Support whole = whole_groups(problem); !whole) return whole;
    const Fit fit = fit_of(problem);
    if (Support batch = fits_as_batch(fit, side_units(problem)); !batch) return batch;
    const GemmProblem& given = fit.given;
    if (Support allowed = rules_allow(given); !allowed) return allowed;
    return unless_refused([&] {
      const Description description(handle_, given, address_never_read());
      // Of a batch, version 0.8 makes room for the first matrix alone, unless a plan was made
      // before.
      if (problem.batch > 1) static_cast<void>(description.compressed_size());
      const Plan plan(description, Configuration{});
      return Support::yes();
    });
  }

  [[nodiscard]] bool expands_six_eight() const override { return true; }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& asked,
                                    int /*threads*/) const override {
    const Fit fit = fit_of(asked);
    const GemmProblem& problem = fit.given;
    const Description description(handle_, problem, address_never_read());
    const CompressedSize size = description.compressed_size();
    const Plan plan(description, Configuration{});
    const bool several = problem.batch > 1;
    // The dense weights of a batch are there while they are compressed.
    const std::size_t dense = several ? dense_layout("cusparselt", problem).bytes : 0;
    // The compressed form depends neither on the algorithm nor on M.
    Footprint library;
    library.weights.key =
        fmt::format("cusparselt/{}{}", info(problem.b).kernel_name, several ? "/batch" : "");
    library.weights.bytes = size.weight;
    library.workspace_bytes =
        size.scratch + plan.workspace_bytes() + activation_bytes(problem) + dense;
    return footprint_of(fit, std::move(library));
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    const Fit fit = fit_of(problem);
    pack_fitted(fit, task, [&](const PackTask& given) {
      compress_weights(Description(handle_, fit.given, address_never_read()), fit.given, given);
    });
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    const Fit fit = fit_of(problem);
    return fitted(fit, std::make_unique<MatmulOperation>(handle_, kernel.name, fit.given));
  }

 private:
  static Fit fit_of(const GemmProblem& problem) { return fit_to(problem, side_units(problem)); }

  int compute_capability_;
  std::shared_ptr<const Handle> handle_;
};

}  // namespace
}  // namespace cusparselt

std::unique_ptr<Provider> make_cusparselt_provider(const device::Device& device) {
  return std::make_unique<cusparselt::CusparseLtProvider>(device);
}

}  // namespace twofour::providers
