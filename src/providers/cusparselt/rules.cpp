#include "providers/cusparselt/rules.h"

#include "core/rounding.h"

namespace twofour::providers::cusparselt {
namespace {

constexpr int kFirstWithFp8 = 89;

KernelInfo kernel(DataType a, DataType d, bool bias, bool by_default) {
  return {.name = kernel_name("cusparselt", a, a, d, Sparsity::kTwoFour, bias),
          .a = a,
          .b = a,
          .d = d,
          .sparsity = Sparsity::kTwoFour,
          .bias = bias,
          // Version 0.8 does not say how fp8 sums are kept between matrix instructions. On an H200
          // 2^16 + 2046 - 2^16, summed in this order, gives 1520: with fewer bits than float32 has.
          .accumulation = is_float8(a) ? Accumulation::kFp8Fast : Accumulation::kWide,
          .by_default = by_default};
}

}  // namespace

std::vector<KernelInfo> list_kernels(int compute_capability) {
  std::vector<KernelInfo> kernels;
  for (const DataType type : {DataType::kBf16, DataType::kFp16}) {
    for (const bool bias : {false, true}) kernels.push_back(kernel(type, type, bias, true));
  }
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    for (const bool bias : {false, true}) {
      kernels.push_back(kernel(DataType::kInt8, d, bias, d == DataType::kBf16));
      if (compute_capability >= kFirstWithFp8) {
        kernels.push_back(kernel(DataType::kFp8E4m3, d, bias, true));
      }
    }
  }
  std::vector<KernelInfo> several;
  for (const KernelInfo& one : kernels) {
    if (!one.bias) several.push_back(batched(one));
  }
  kernels.insert(kernels.end(), several.begin(), several.end());
  return kernels;
}

Support rules_allow(const GemmProblem& problem) {
  if (problem.sparsity != Sparsity::kTwoFour) return Support::no("2:4 only");
  if (problem.scales.a == ScaleGranularity::kVector) {
    return Support::no("cuSPARSELt has no per-token scales");
  }
  if (problem.scales.b == ScaleGranularity::kVector && problem.a != DataType::kInt8) {
    return Support::no("cuSPARSELt has per-channel scales for int8 operands only");
  }
  if (problem.scales.b == ScaleGranularity::kVector && problem.batch > 1) {
    return Support::no("which scales by channel a batch has, cuSPARSELt does not document");
  }
  return Support::yes();
}

SideUnits side_units(const GemmProblem& problem) {
  const std::int64_t unit = elements_in(problem.b, 32);
  return {.k = unit, .n = unit};
}

std::int64_t padded_rows(std::int64_t m, DataType type) {
  return round_up(m, elements_in(type, 16));
}

std::size_t activation_bytes(const GemmProblem& problem) {
  const auto [m, n, k] = problem.shape;
  const std::int64_t rows = padded_rows(m, problem.a);
  if (rows == m && problem.batch == 1) return 0;
  return bytes_of(problem.a, problem.batch * rows * k);
}

bool may_search(const GemmProblem& problem) {
  // One of version 0.8's fp16 algorithms runs into an illegal instruction on an H200, in the
  // library's own search too, and that costs the process its GPU. They stay with the default.
  return problem.a != DataType::kFp16;
}

bool scales_by_channel(const GemmProblem& problem) {
  return problem.scales.b == ScaleGranularity::kVector;
}

}  // namespace twofour::providers::cusparselt
