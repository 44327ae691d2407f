#include "run/selection.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/input_error.h"
#include "run/selection_errors.h"

namespace twofour::run {
namespace {

using providers::KernelInfo;
using providers::ProviderRow;

std::vector<std::string> all_provider_names() {
  std::vector<std::string> names;
  for (const ProviderRow& row : providers::provider_table()) names.emplace_back(row.name);
  return names;
}

void check_names(DeviceKind device_kind, std::span<const std::string> names) {
  const auto table = providers::provider_table();
  for (const std::string& name : names) {
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&](const ProviderRow& r) { return r.name == name; });
    if (row == table.end()) throw UnknownProvider(name, all_provider_names());
    if (row->device_kind != device_kind) {
      throw WrongDevice(name, row->device_kind, device_kind);
    }
  }
}

/// 16-bit baselines first, then dense, then 2:4.
int rank(const KernelInfo& kernel, DataType dtype) {
  if (kernel.a != dtype || !kernel.scaled) return 0;
  return kernel.sparsity == Sparsity::kDense ? 1 : 2;
}

bool belongs(const KernelInfo& kernel, DataType dtype) {
  if (kernel.a == dtype) return true;
  return info(dtype).bits == 8 && info(kernel.a).bits == 16 && !kernel.scaled &&
         kernel.sparsity == Sparsity::kDense;
}

/// Whether a kernel that belongs runs without being asked for. Of the 16-bit baselines of an 8-bit
/// run the bf16 one is compared with. sparse_benchmarks.py printed fp16 too; on a CPU that would be
/// the same time over again, with twice the memory of the kernels that the run is about.
bool by_default(const KernelInfo& kernel, DataType dtype, DeviceKind device_kind) {
  const bool second_baseline = kernel.a == DataType::kFp16 && dtype != DataType::kFp16;
  return kernel.by_default && !(second_baseline && device_kind == DeviceKind::kCpu);
}

}  // namespace

ProviderInstance without_device(const ProviderRow& row, std::string reason) {
  ProviderInstance instance{.row = row, .device = {.kind = row.device_kind}};
  if (row.make == nullptr) {
    instance.unavailable = row.not_built_reason;
  } else {
    instance.unavailable_kind = OutcomeKind::kFailed;
    instance.unavailable = std::move(reason);
  }
  return instance;
}

ProviderInstance start_provider(const ProviderRow& row, const device::Device& device) {
  ProviderInstance instance = without_device(row, "");
  instance.device = device.id();
  if (row.make == nullptr) return instance;
  try {
    instance.provider = row.make(device);
  } catch (const InputError&) {
    throw;  // a variable that the user set wrongly, not a library that is missing
  } catch (const std::exception& error) {
    instance.unavailable = error.what();
  }
  return instance;
}

std::vector<ProviderInstance> start_providers(const device::Device& device,
                                              std::span<const std::string> names) {
  const DeviceKind kind = device.id().kind;
  check_names(kind, names);
  std::vector<ProviderInstance> instances;
  for (const ProviderRow& row : providers::provider_table()) {
    const bool named = std::find(names.begin(), names.end(), row.name) != names.end();
    const bool wanted = names.empty() ? row.by_default : named;
    if (wanted && row.device_kind == kind) {
      instances.push_back(start_provider(row, device));
    }
  }
  return instances;
}

std::vector<SelectedKernel> select_kernels(std::span<const ProviderInstance> instances,
                                           DataType dtype,
                                           const std::optional<std::regex>& pattern) {
  std::vector<SelectedKernel> selected;
  for (const ProviderInstance& instance : instances) {
    if (!instance.provider) continue;
    for (KernelInfo& kernel : instance.provider->kernels()) {
      const bool chosen = pattern ? std::regex_search(kernel.name, *pattern)
                                  : by_default(kernel, dtype, instance.row.device_kind);
      if (chosen && belongs(kernel, dtype)) selected.push_back({&instance, std::move(kernel)});
    }
  }
  std::stable_sort(selected.begin(), selected.end(),
                   [&](const SelectedKernel& x, const SelectedKernel& y) {
                     return rank(x.kernel, dtype) < rank(y.kernel, dtype);
                   });
  return selected;
}

bool takes_part(const KernelInfo& kernel, const workload::Case& c) {
  return !kernel.batched || c.experts.value_or(1) > 1;
}

GemmProblem problem_for(const KernelInfo& kernel, const GemmShape& shape, ScaleScheme scales,
                        Sparsity pattern, std::int64_t batch) {
  constexpr ScaleScheme kUnscaled{ScaleGranularity::kNone, ScaleGranularity::kNone};
  return {.shape = shape,
          .a = kernel.a,
          .b = kernel.b,
          .d = kernel.d,
          .scales = kernel.scaled ? scales : kUnscaled,
          .bias = kernel.bias,
          .sparsity = is_sparse(kernel.sparsity) ? pattern : Sparsity::kDense,
          .batch = kernel.batched ? batch : 1};
}

}  // namespace twofour::run
