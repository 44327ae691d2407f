#include "providers/cusparselt/matmul.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "device/cuda/error.h"
#include "device/cuda/library_type.h"
#include "providers/cusparselt/rules.h"

namespace twofour::providers::cusparselt {
namespace {

constexpr unsigned kAlignment = 16;

using device::cuda::library_type;

}  // namespace

void check(cusparseStatus_t status, std::string_view what) {
  if (status == CUSPARSE_STATUS_SUCCESS) return;
  device::cuda::throw_failure(fmt::format("cuSPARSELt could not {}: {} ({})", what,
                                          cusparseLtGetErrorString(status),
                                          cusparseLtGetErrorName(status)));
}

Handle::Handle() { check(cusparseLtInit(&handle_), "start"); }

Handle::~Handle() { cusparseLtDestroy(&handle_); }

std::string Handle::version() const {
  int major = 0;
  int minor = 0;
  int patch = 0;
  check(cusparseLtGetProperty(MAJOR_VERSION, &major), "tell its version");
  check(cusparseLtGetProperty(MINOR_VERSION, &minor), "tell its version");
  check(cusparseLtGetProperty(PATCH_LEVEL, &patch), "tell its version");
  return fmt::format("{}.{}.{}", major, minor, patch);
}

Description::Description(std::shared_ptr<const Handle> handle, const GemmProblem& problem,
                         const void* bias)
    : handle_(std::move(handle)) {
  make_matrices(problem);
  make_product(problem, bias);
}

void Description::make_matrices(const GemmProblem& problem) {
  const auto [m, n, k] = problem.shape;
  const std::int64_t rows = padded_rows(m, problem.a);
  check(cusparseLtStructuredDescriptorInit(handle_->get(), &weight_.descriptor, n, k, k, kAlignment,
                                           library_type(problem.b), CUSPARSE_ORDER_ROW,
                                           CUSPARSELT_SPARSITY_50_PERCENT),
        fmt::format("describe {}x{} weights", n, k));
  weight_.made = true;
  check(cusparseLtDenseDescriptorInit(handle_->get(), &a_.descriptor, rows, k, k, kAlignment,
                                      library_type(problem.a), CUSPARSE_ORDER_ROW),
        fmt::format("describe {}x{} activations", rows, k));
  a_.made = true;
  check(cusparseLtDenseDescriptorInit(handle_->get(), &d_.descriptor, n, rows, n, kAlignment,
                                      library_type(problem.d), CUSPARSE_ORDER_COL),
        fmt::format("describe a {}x{} output", rows, n));
  d_.made = true;
  kept_bytes_ = bytes_of(problem.b, problem.batch * n * k / 2);
  if (problem.batch == 1) return;
  make_batch(weight_, problem.batch, n * k);
  make_batch(a_, problem.batch, rows * k);
  make_batch(d_, problem.batch, output_rows(m) * n);
}

void Description::make_batch(Matrix& matrix, std::int64_t batch, std::int64_t stride) {
  const auto count = static_cast<int>(batch);
  check(cusparseLtMatDescSetAttribute(handle_->get(), &matrix.descriptor,
                                      CUSPARSELT_MAT_NUM_BATCHES, &count, sizeof(count)),
        fmt::format("describe {} matrices", batch));
  check(cusparseLtMatDescSetAttribute(handle_->get(), &matrix.descriptor,
                                      CUSPARSELT_MAT_BATCH_STRIDE, &stride, sizeof(stride)),
        fmt::format("describe matrices {} elements apart", stride));
}

void Description::make_product(const GemmProblem& problem, const void* bias) {
  const cusparseComputeType compute =
      problem.a == DataType::kInt8 ? CUSPARSE_COMPUTE_32I : CUSPARSE_COMPUTE_32F;
  check(cusparseLtMatmulDescriptorInit(handle_->get(), &matmul_, CUSPARSE_OPERATION_NON_TRANSPOSE,
                                       CUSPARSE_OPERATION_TRANSPOSE, &weight_.descriptor,
                                       &a_.descriptor, &d_.descriptor, &d_.descriptor, compute),
        "describe the product");
  if (problem.bias) {
    check(cusparseLtMatmulDescSetAttribute(handle_->get(), &matmul_, CUSPARSELT_MATMUL_BIAS_POINTER,
                                           &bias, sizeof(bias)),
          "add a bias");
  }
  if (scales_by_channel(problem)) {
    const int on = 1;
    check(cusparseLtMatmulDescSetAttribute(handle_->get(), &matmul_,
                                           CUSPARSELT_MATMUL_ALPHA_VECTOR_SCALING, &on, sizeof(on)),
          "scale by channel");
  }
}

CompressedSize Description::compressed_size() const {
  CompressedSize size;
  check(cusparseLtSpMMACompressedSize2(handle_->get(), &weight_.descriptor, &size.weight,
                                       &size.scratch),
        "tell the size of compressed weights");
  if (size.weight < kept_bytes_) {
    throw std::runtime_error(
        fmt::format("this cuSPARSELt, {}, makes room for the first of several weights alone",
                    handle_->version()));
  }
  return size;
}

void Description::compress(const void* weight, void* compressed, void* scratch,
                           cudaStream_t stream) const {
  constexpr int kIsFirstOperand = 1;
  check(cusparseLtSpMMACompress2(handle_->get(), &weight_.descriptor, kIsFirstOperand,
                                 CUSPARSE_OPERATION_NON_TRANSPOSE, weight, compressed, scratch,
                                 stream),
        "compress the weights");
}

std::string to_string(const Configuration& configuration) {
  return fmt::format("configuration={} split_k={}", configuration.id, configuration.split_k);
}

Plan::Plan(const Description& description, const Configuration& configuration)
    : handle_(description.handle()) {
  check(cusparseLtMatmulAlgSelectionInit(handle_->get(), &selection_, description.get(),
                                         CUSPARSELT_MATMUL_ALG_DEFAULT),
        "select an algorithm");
  try {
    set(CUSPARSELT_MATMUL_ALG_CONFIG_ID, configuration.id);
    if (configuration.split_k != 1) set(CUSPARSELT_MATMUL_SPLIT_K, configuration.split_k);
    check(cusparseLtMatmulPlanInit(handle_->get(), &plan_, description.get(), &selection_),
          fmt::format("plan {}", to_string(configuration)));
  } catch (...) {
    cusparseLtMatmulAlgSelectionDestroy(&selection_);
    throw;
  }
}

Plan::~Plan() {
  cusparseLtMatmulPlanDestroy(&plan_);
  cusparseLtMatmulAlgSelectionDestroy(&selection_);
}

int Plan::get(cusparseLtMatmulAlgAttribute_t attribute) const {
  int value = 0;
  check(cusparseLtMatmulAlgGetAttribute(handle_->get(), &selection_, attribute, &value,
                                        sizeof(value)),
        "describe an algorithm");
  return value;
}

void Plan::set(cusparseLtMatmulAlgAttribute_t attribute, int value) {
  check(cusparseLtMatmulAlgSetAttribute(handle_->get(), &selection_, attribute, &value,
                                        sizeof(value)),
        fmt::format("set attribute {} of an algorithm to {}", static_cast<int>(attribute), value));
}

int Plan::count() const { return get(CUSPARSELT_MATMUL_ALG_CONFIG_MAX_ID); }

std::size_t Plan::workspace_bytes() const {
  std::size_t bytes = 0;
  check(cusparseLtMatmulGetWorkspace(handle_->get(), &plan_, &bytes), "tell its workspace");
  return bytes;
}

void Plan::launch(const Arguments& arguments) const {
  const float zero = 0;
  cudaStream_t stream = arguments.stream;
  check(cusparseLtMatmul(handle_->get(), &plan_, arguments.alpha, arguments.weight, arguments.a,
                         &zero, arguments.d, arguments.d, arguments.workspace, &stream, 1),
        "multiply");
}

Configuration Plan::configuration() const {
  return {get(CUSPARSELT_MATMUL_ALG_CONFIG_ID), get(CUSPARSELT_MATMUL_SPLIT_K)};
}

}  // namespace twofour::providers::cusparselt
