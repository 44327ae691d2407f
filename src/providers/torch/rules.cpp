#include "providers/torch/rules.h"

#include <fmt/format.h>

#include <string>

namespace twofour::providers::torch {
namespace {

constexpr int kFirstWithFp8 = 89;
constexpr std::int64_t kFp8Unit = 16;
constexpr DataType kFp8 = DataType::kFp8E4m3;

KernelInfo scaled_kernel(DataType d, Accumulation accumulation) {
  std::string name = kernel_name("pytorch", kFp8, kFp8, d, Sparsity::kDense, false);
  if (accumulation == Accumulation::kFp8Fast) name += "_fast_accum";
  return {.name = name, .a = kFp8, .b = kFp8, .d = d, .accumulation = accumulation};
}

}  // namespace

std::vector<KernelInfo> list_kernels(int compute_capability) {
  std::vector<KernelInfo> kernels;
  for (const DataType type : {DataType::kBf16, DataType::kFp16}) {
    const std::string_view t = info(type).kernel_name;
    kernels.push_back({.name = fmt::format("pytorch_{0}_{0}_{0}_matmul-no-scales", t),
                       .a = type,
                       .b = type,
                       .d = type,
                       .scaled = false,
                       .accumulation = Accumulation::kOutputParts});
  }
  if (compute_capability < kFirstWithFp8) return kernels;
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    for (const Accumulation accumulation : {Accumulation::kWide, Accumulation::kFp8Fast}) {
      kernels.push_back(scaled_kernel(d, accumulation));
    }
  }
  return kernels;
}

Support rules_allow(const GemmProblem& problem) {
  if (problem.sparsity != Sparsity::kDense) return Support::no("dense only");
  if (problem.bias) return Support::no("without bias only");
  if (problem.a != kFp8) return Support::yes();
  if (scales_by_row(problem) && problem.d != DataType::kBf16) {
    return Support::no("PyTorch has per-token and per-channel scales with bf16 output only");
  }
  return Support::yes();
}

SideUnits side_units(const GemmProblem& problem) {
  if (problem.a != kFp8) return {};
  return {.k = kFp8Unit, .n = kFp8Unit};
}

bool scales_by_row(const GemmProblem& problem) {
  return problem.scales.a == ScaleGranularity::kVector ||
         problem.scales.b == ScaleGranularity::kVector;
}

}  // namespace twofour::providers::torch
