#include "providers/cublaslt/rules.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <cstddef>
#include <string>

namespace twofour::providers::cublaslt {
namespace {

constexpr int kFirstWithFp8 = 89;

bool has_vector(const ScaleScheme& scales) {
  return scales.a == ScaleGranularity::kVector || scales.b == ScaleGranularity::kVector;
}

bool unscaled(const ScaleScheme& scales) {
  return scales.a == ScaleGranularity::kNone && scales.b == ScaleGranularity::kNone;
}

std::string scaled_name(DataType a, DataType d, Accumulation accumulation, bool bias) {
  std::string name = kernel_name("cublaslt", a, a, d, Sparsity::kDense, false);
  if (accumulation == Accumulation::kFp8Fast) name += "_fast_accum";
  if (bias) name += kBiasSuffix;
  return name;
}

KernelInfo scaled_kernel(DataType a, DataType d, bool bias, bool by_default,
                         Accumulation accumulation = Accumulation::kWide) {
  return {.name = scaled_name(a, d, accumulation, bias),
          .a = a,
          .b = a,
          .d = d,
          .bias = bias,
          .accumulation = accumulation,
          .by_default = by_default};
}

}  // namespace

const bool kKnowsScaleVectors = CUDART_VERSION >= 12090;

Scaling scaling_of(const GemmProblem& problem, bool takes_vectors) {
  if (is_integer(problem.a)) return Scaling::kSeparateKernel;
  if (is_float8(problem.a)) {
    if (!has_vector(problem.scales)) return Scaling::kScalars;
    return takes_vectors && problem.batch == 1 ? Scaling::kVectors : Scaling::kSeparateKernel;
  }
  if (unscaled(problem.scales)) return Scaling::kNone;
  return has_vector(problem.scales) ? Scaling::kSeparateKernel : Scaling::kAlpha;
}

Accumulation accumulation_of(const KernelInfo& kernel, const GemmProblem& problem,
                             Scaling scaling) {
  // Of more rows than one, those after the first begin at addresses that vectors of 16 bytes need.
  constexpr std::int64_t kAlignedColumns = 8;
  const bool apart = problem.bias && info(problem.a).bits == 16 && problem.shape.m > 1 &&
                     problem.shape.n % kAlignedColumns != 0;
  // The bias that a kernel of ours adds is added to float32.
  return apart && scaling != Scaling::kSeparateKernel ? Accumulation::kBiasAfterRounding
                                                      : kernel.accumulation;
}

std::size_t sum_bytes(const GemmProblem& problem, Scaling scaling) {
  if (scaling != Scaling::kSeparateKernel) return 0;
  return static_cast<std::size_t>(problem.batch * problem.shape.m * problem.shape.n) *
         sizeof(float);
}

std::size_t activation_bytes(const GemmProblem& problem) {
  if (problem.batch == 1) return 0;
  return bytes_of(problem.a, problem.batch * problem.shape.m * problem.shape.k);
}

std::vector<KernelInfo> list_kernels(int compute_capability) {
  std::vector<KernelInfo> kernels;
  for (const DataType type : {DataType::kBf16, DataType::kFp16}) {
    const std::string_view t = info(type).kernel_name;
    kernels.push_back({.name = fmt::format("cublaslt_{0}_{0}_{0}_matmul-no-scales", t),
                       .a = type,
                       .b = type,
                       .d = type,
                       .scaled = false});
    for (const bool bias : {false, true}) kernels.push_back(scaled_kernel(type, type, bias, true));
  }
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    const bool usual = d == DataType::kBf16;
    for (const bool bias : {false, true}) {
      kernels.push_back(scaled_kernel(DataType::kInt8, d, bias, usual));
    }
    if (compute_capability < kFirstWithFp8) continue;
    for (const bool bias : {false, true}) {
      // Wide accumulation costs time; the bias of the faster kernel is enough to compare with.
      kernels.push_back(scaled_kernel(DataType::kFp8E4m3, d, bias, usual && !bias));
      kernels.push_back(scaled_kernel(DataType::kFp8E4m3, d, bias, true, Accumulation::kFp8Fast));
    }
  }
  std::vector<KernelInfo> several;
  for (const KernelInfo& kernel : kernels) {
    if (kernel.scaled && !kernel.bias) several.push_back(batched(kernel));
  }
  kernels.insert(kernels.end(), several.begin(), several.end());
  return kernels;
}

Support rules_allow(const GemmProblem& problem) {
  if (problem.sparsity != Sparsity::kDense) return Support::no("dense only");
  return Support::yes();
}

SideUnits side_units(const GemmProblem& problem) {
  constexpr std::int64_t kRowBytes = 16;
  // Rows of A and B, and of D, must begin at multiples of 16 bytes.
  if (is_float8(problem.a)) return {.k = kRowBytes, .n = elements_in(problem.d, kRowBytes)};
  if (!is_integer(problem.a)) return {};
  constexpr std::int64_t kLeast = 4;
  const auto unit = [](std::int64_t side) { return side % kLeast == 0 ? kLeast : kRowBytes; };
  return {.k = unit(problem.shape.k), .n = unit(problem.shape.n)};
}

}  // namespace twofour::providers::cublaslt
