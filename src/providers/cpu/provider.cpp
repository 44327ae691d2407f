// The provider of our own kernels.
#include <memory>
#include <string>
#include <vector>

#include "core/processor.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/operation.h"
#include "providers/provider.h"

namespace twofour::providers {
namespace cpu {
namespace {

constexpr std::string_view kLibrary = "cpu";

/// Whether kernels of type `a` write outputs of type `d`: 8-bit ones every output type, others
/// their own.
constexpr bool writes(const DataTypeInfo& a, const DataTypeInfo& d) {
  return a.operand && d.output && (a.bits == 8 || a.type == d.type);
}

/// Whether such kernels run unless asked otherwise.
constexpr bool by_default(DataType a, DataType d) { return !is_integer(a) || d == DataType::kBf16; }

/// The baseline for 8-bit kernels: the same GEMM in 16 bits without scales. One is enough; bf16 and
/// fp16 cost the same where both have instructions.
KernelInfo baseline(DataType type) {
  const std::string name{info(type).kernel_name};
  return {
      .name = std::string(kLibrary) + "_" + name + "_" + name + "_" + name + "_matmul-no-scales",
      .a = type,
      .b = type,
      .d = type,
      .scaled = false};
}

void add_kernels(std::vector<KernelInfo>& all, DataType a, DataType d) {
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    for (const bool bias : {false, true}) {
      all.push_back({.name = kernel_name(kLibrary, a, a, d, sparsity, bias),
                     .a = a,
                     .b = a,
                     .d = d,
                     .sparsity = sparsity,
                     .bias = bias,
                     .by_default = by_default(a, d)});
    }
  }
}

class CpuProvider : public Provider {
 public:
  [[nodiscard]] std::string version() const override { return TWOFOUR_VERSION; }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    std::vector<KernelInfo> all{baseline(DataType::kBf16), baseline(DataType::kFp16)};
    for (const DataTypeInfo& a : kDataTypes) {
      for (const DataTypeInfo& d : kDataTypes) {
        if (writes(a, d)) add_kernels(all, a.type, d.type);
      }
    }
    return all;
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    const GemmShape& shape = problem.shape;
    if (shape.m < 1 || shape.n < 1 || shape.k < 1)
      return Support::no("M, N and K must be positive");
    if (kernel.sparsity == Sparsity::kTwoFour && shape.k % 4 != 0) {
      return Support::no("2:4 needs K to be a multiple of 4, not " + std::to_string(shape.k));
    }
    if (problem.sparsity == Sparsity::kSixEight && shape.k % 8 != 0) {
      return Support::no("6:8 needs K to be a multiple of 8, not " + std::to_string(shape.k));
    }
    return Support::yes();
  }

  [[nodiscard]] bool expands_six_eight() const override { return true; }

  [[nodiscard]] Footprint footprint(const KernelInfo& info, const GemmProblem& problem,
                                    int threads) const override {
    const Kernel& kernel = chosen(info, problem);
    return {.weights = weight_layout(kernel, problem),
            .workspace_bytes = workspace_bytes(kernel, problem, threads)};
  }

  void pack(const KernelInfo& info, const GemmProblem& problem,
            const PackTask& task) const override {
    pack_weights(chosen(info, problem), problem, task);
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& info, const GemmProblem& problem) const override {
    return std::make_unique<CpuOperation>(chosen(info, problem), problem);
  }

 private:
  /// Asked at each call, so that a test can lower TWOFOUR_ISA between two operations.
  static const Kernel& chosen(const KernelInfo& info, const GemmProblem& problem) {
    return *find_kernel(usable_features(), info.a, info.sparsity, problem.shape.m);
  }
};

}  // namespace
}  // namespace cpu

std::unique_ptr<Provider> make_cpu_provider(const device::Device& /*device*/) {
  return std::make_unique<cpu::CpuProvider>();
}

}  // namespace twofour::providers
