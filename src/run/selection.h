// Which kernels take part: the provider table, narrowed by device, names of providers, operand type
// and a pattern for names of kernels.
#pragma once

#include <memory>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"
#include "device/device.h"
#include "providers/provider.h"
#include "workload/workload.h"

namespace twofour::run {

/// A row of the provider table, started where that was possible. Exactly one of `provider` and
/// `unavailable` is set.
struct ProviderInstance {
  providers::ProviderRow row;
  DeviceId device;  ///< what it computes on; of a device that cannot be had, the kind alone
  std::unique_ptr<providers::Provider> provider;
  OutcomeKind unavailable_kind = OutcomeKind::kNotBuilt;
  std::string unavailable;  ///< why not
};

/// Starts one provider for `device`; one that cannot start has the reason. `device` must be of the
/// row's kind and outlive the provider. Throws InputError where an environment variable that it
/// reads is wrong.
ProviderInstance start_provider(const providers::ProviderRow& row, const device::Device& device);

/// A provider whose device cannot be had for `reason`; one that is not built says that instead.
ProviderInstance without_device(const providers::ProviderRow& row, std::string reason);

/// Starts the providers that compute on `device`: those named, or the default ones when `names` is
/// empty. A provider that cannot start stays in the list with the reason. Throws UnknownProvider
/// or WrongDevice (run/selection_errors.h).
std::vector<ProviderInstance> start_providers(const device::Device& device,
                                              std::span<const std::string> names);

struct SelectedKernel {
  const ProviderInstance* instance = nullptr;
  providers::KernelInfo kernel;
  /// Algorithms that a search for the row in hand must not try: each ended a process.
  std::vector<std::string> avoid = {};
};

/// The kernels of `dtype`, and the bf16 and fp16 kernels without scales that 8-bit types are also
/// compared with; in the order of sparse_benchmarks.py: 16-bit baselines, dense, 2:4. Without
/// `pattern`, those that run by default (on a CPU an 8-bit run leaves the fp16 baseline out, since
/// the bf16 one is enough); with it, those whose name contains a match.
std::vector<SelectedKernel> select_kernels(std::span<const ProviderInstance> instances,
                                           DataType dtype,
                                           const std::optional<std::regex>& pattern);

/// Whether `kernel` takes part in `c`: one of several GEMMs in a launch where there are several.
bool takes_part(const providers::KernelInfo& kernel, const workload::Case& c);

/// The problem that `kernel` is given at `shape`. A 2:4 kernel is given weights of `pattern`, a
/// batched one `batch` GEMMs.
GemmProblem problem_for(const providers::KernelInfo& kernel, const GemmShape& shape,
                        ScaleScheme scales, Sparsity pattern, std::int64_t batch = 1);

}  // namespace twofour::run
