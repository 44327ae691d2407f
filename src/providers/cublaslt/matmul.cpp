#include "providers/cublaslt/matmul.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <stdexcept>

#include "device/cuda/error.h"
#include "device/cuda/library_type.h"
#include "providers/gpu_library/refusal.h"

namespace twofour::providers::cublaslt {
namespace {

using device::cuda::library_type;

/// Type of what the library writes.
cudaDataType_t written_type(const GemmProblem& problem, Scaling scaling) {
  if (scaling != Scaling::kSeparateKernel) return library_type(problem.d);
  return problem.a == DataType::kInt8 ? CUDA_R_32I : CUDA_R_32F;
}

template <class T>
T config(const cublasLtMatmulAlgo_t& algorithm, cublasLtMatmulAlgoConfigAttributes_t attribute) {
  T value{};
  std::size_t written = 0;
  check(
      cublasLtMatmulAlgoConfigGetAttribute(&algorithm, attribute, &value, sizeof(value), &written),
      "describe an algorithm");
  return value;
}

}  // namespace

void check(cublasStatus_t status, std::string_view what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  device::cuda::throw_failure(fmt::format("cuBLASLt could not {}: {} ({})", what,
                                          cublasLtGetStatusString(status),
                                          cublasLtGetStatusName(status)));
}

std::string library_version() {
  const std::size_t version = cublasLtGetVersion();
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

Handle::Handle() { check(cublasLtCreate(&handle_), "start"); }

Handle::~Handle() { cublasLtDestroy(handle_); }

template <class T>
void Description::set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check(cublasLtMatmulDescSetAttribute(operation_.get(), attribute, &value, sizeof(value)),
        fmt::format("set attribute {} of a product", static_cast<int>(attribute)));
}

Description::Layout Description::make_layout(cudaDataType_t type, std::int64_t rows,
                                             std::int64_t columns, std::int64_t batch,
                                             std::int64_t stride) {
  cublasLtMatrixLayout_t layout = nullptr;
  check(cublasLtMatrixLayoutCreate(&layout, type, static_cast<std::uint64_t>(rows),
                                   static_cast<std::uint64_t>(columns), rows),
        "describe a matrix");
  Layout made(layout);
  if (batch == 1) return made;
  const auto count = static_cast<std::int32_t>(batch);
  check(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count,
                                         sizeof(count)),
        fmt::format("describe {} matrices", batch));
  check(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                         &stride, sizeof(stride)),
        fmt::format("describe matrices {} elements apart", stride));
  return made;
}

void Description::set_scales(Scaling scaling, const Attachments& attachments) {
  if (scaling != Scaling::kScalars && scaling != Scaling::kVectors) return;
#if CUDART_VERSION >= 12090  // before, there are scalars alone (rules.h)
  const cublasLtMatmulMatrixScale_t mode = scaling == Scaling::kVectors
                                               ? CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F
                                               : CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F;
  set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, mode);
  set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, mode);
#endif
  set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, attachments.scale_b);
  set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, attachments.scale_a);
}

Description::Description(const GemmProblem& problem, Scaling scaling, bool fast_accumulation,
                         const Attachments& attachments)
    : integer_(problem.a == DataType::kInt8) {
  cublasLtMatmulDesc_t operation = nullptr;
  check(cublasLtMatmulDescCreate(&operation, integer_ ? CUBLAS_COMPUTE_32I : CUBLAS_COMPUTE_32F,
                                 integer_ ? CUDA_R_32I : CUDA_R_32F),
        "describe a product");
  operation_.reset(operation);
  set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  if (fast_accumulation) set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, std::int8_t{1});
  set_scales(scaling, attachments);
  if (problem.bias && scaling != Scaling::kSeparateKernel) {
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, library_type(problem.d));
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, attachments.bias);
  }
  const auto [m, n, k] = problem.shape;
  const std::int64_t batch = problem.batch;
  // Sums are ours, and stand close together.
  const std::int64_t out_rows = scaling == Scaling::kSeparateKernel ? m : output_rows(m);
  weight_ = make_layout(library_type(problem.b), k, n, batch, n * k);
  a_ = make_layout(library_type(problem.a), k, m, batch, m * k);
  out_ = make_layout(written_type(problem, scaling), n, m, batch, out_rows * n);
}

std::vector<cublasLtMatmulHeuristicResult_t> Description::algorithms(const Handle& handle,
                                                                     int at_most) const {
  cublasLtMatmulPreference_t made = nullptr;
  check(cublasLtMatmulPreferenceCreate(&made), "describe a preference");
  const std::unique_ptr<cublasLtMatmulPreferenceOpaque_t,
                        cublasStatus_t (*)(cublasLtMatmulPreference_t)>
      preference(made, cublasLtMatmulPreferenceDestroy);
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(),
                                             CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &kWorkspaceBytes, sizeof(kWorkspaceBytes)),
        "limit the workspace");
  // The other schemes round the sums of parts of K to the type of D before they are added up.
  constexpr std::uint32_t kReductions = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(),
                                             CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                             &kReductions, sizeof(kReductions)),
        "limit how parts of K are added up");
  std::vector<cublasLtMatmulHeuristicResult_t> results(static_cast<std::size_t>(at_most));
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle.get(), operation_.get(), weight_.get(), a_.get(), out_.get(), out_.get(),
      preference.get(), at_most, results.data(), &found);
  // Two ways of saying that there is none.
  if (status == CUBLAS_STATUS_NOT_SUPPORTED)
    found = 0;
  else
    check(status, "look for an algorithm");
  results.resize(static_cast<std::size_t>(found));
  std::erase_if(results, [](const auto& r) { return r.state != CUBLAS_STATUS_SUCCESS; });
  return results;
}

void Description::launch(const Handle& handle, const cublasLtMatmulAlgo_t& algorithm, float alpha,
                         const void* weight, const void* a, void* out, void* workspace,
                         cudaStream_t stream) const {
  constexpr std::int32_t kIntegerOne = 1;
  constexpr std::int32_t kIntegerZero = 0;
  constexpr float kZero = 0;
  const void* one = integer_ ? static_cast<const void*>(&kIntegerOne) : &alpha;
  const void* zero = integer_ ? static_cast<const void*>(&kIntegerZero) : &kZero;
  check(cublasLtMatmul(handle.get(), operation_.get(), one, weight, weight_.get(), a, a_.get(),
                       zero, out, out_.get(), out, out_.get(), &algorithm, workspace,
                       kWorkspaceBytes, stream),
        "multiply");
}

bool takes_scale_vectors(const Handle& handle) {
  if (!kKnowsScaleVectors) return false;
  // Any shape that the rules allow does.
  const GemmProblem problem{.shape = {.m = 64, .n = 256, .k = 256},
                            .a = DataType::kFp8E4m3,
                            .b = DataType::kFp8E4m3,
                            .d = DataType::kBf16,
                            .scales = {ScaleGranularity::kVector, ScaleGranularity::kVector}};
  const Attachments attachments{address_never_read(), address_never_read(), address_never_read()};
  const Support answer = unless_refused([&] {
    const Description description(problem, Scaling::kVectors, false, attachments);
    return description.algorithms(handle, 1).empty() ? Support::no("no algorithm") : Support::yes();
  });
  return static_cast<bool>(answer);
}

std::string describe(const cublasLtMatmulAlgo_t& algorithm) {
  const auto id = config<std::int32_t>(algorithm, CUBLASLT_ALGO_CONFIG_ID);
  const auto tile = config<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID);
  const auto stages = config<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_STAGES_ID);
  const auto splits = config<std::int32_t>(algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
  const auto swizzle = config<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING);
  const auto custom = config<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION);
  const auto inner = config<std::uint16_t>(algorithm, CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID);
  const auto cluster = config<std::uint16_t>(algorithm, CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID);
  return fmt::format(
      "algo={} tile_id={} stages_id={} cluster_id={} inner_id={} splits={} swizzle={} custom={}",
      id, tile, stages, cluster, inner, splits, swizzle, custom);
}

}  // namespace twofour::providers::cublaslt
