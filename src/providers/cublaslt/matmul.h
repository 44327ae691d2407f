// A problem in cuBLASLt's terms. The library thinks in column-major matrices, so what it computes
// is D^T[N][M] = W[N][K] x A^T: its operand A is the weight, its M is N, its N is M.
#pragma once

#include <cublasLt.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"
#include "providers/cublaslt/rules.h"

namespace twofour::providers::cublaslt {

/// Throws as device::cuda::throw_failure does when `status` is not success; `what` fits after
/// "cuBLASLt could not".
void check(cublasStatus_t status, std::string_view what);

/// For example "13.0.2".
std::string library_version();

/// The library's context; shared by all operations.
class Handle {
 public:
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] cublasLtHandle_t get() const { return handle_; }

 private:
  cublasLtHandle_t handle_ = nullptr;
};

/// What the library may use besides operands. NVIDIA recommends 32 MiB for Hopper.
inline constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;
/// Algorithms that are asked for.
inline constexpr int kMostAlgorithms = 32;

/// Device addresses that belong to a description. Only their alignment matters until it is run.
struct Attachments {
  const void* scale_a = nullptr;  ///< of our A; float32, by Scaling
  const void* scale_b = nullptr;  ///< of our B
  const void* bias = nullptr;     ///< [N] of the output's type
};

/// One product as the library sees it: operation and layouts.
class Description {
 public:
  /// Throws when the library does not take the problem at all.
  Description(const GemmProblem& problem, Scaling scaling, bool fast_accumulation,
              const Attachments& attachments);

  /// The algorithms that the library offers, its favourite first. Empty when there are none.
  [[nodiscard]] std::vector<cublasLtMatmulHeuristicResult_t> algorithms(const Handle& handle,
                                                                        int at_most) const;

  /// Enqueues the product. `alpha` is a host float, ignored for int8 (1).
  void launch(const Handle& handle, const cublasLtMatmulAlgo_t& algorithm, float alpha,
              const void* weight, const void* a, void* out, void* workspace,
              cudaStream_t stream) const;

 private:
  struct Destroy {
    void operator()(cublasLtMatmulDesc_t desc) const { cublasLtMatmulDescDestroy(desc); }
    void operator()(cublasLtMatrixLayout_t layout) const { cublasLtMatrixLayoutDestroy(layout); }
  };
  using Layout = std::unique_ptr<cublasLtMatrixLayoutOpaque_t, Destroy>;

  /// `stride`: elements from one matrix of a batch to the next.
  static Layout make_layout(cudaDataType_t type, std::int64_t rows, std::int64_t columns,
                            std::int64_t batch, std::int64_t stride);
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value);
  void set_scales(Scaling scaling, const Attachments& attachments);

  bool integer_ = false;
  std::unique_ptr<cublasLtMatmulDescOpaque_t, Destroy> operation_;
  Layout weight_;
  Layout a_;
  Layout out_;
};

/// Whether the library has a kernel on this GPU that takes vectors of scales of fp8 operands. Asked
/// of the library, because its manual and its versions differ in which GPUs those are.
bool takes_scale_vectors(const Handle& handle);

/// The configuration of an algorithm, for example "algorithm 66, tile 128x64, cluster 2x1x1".
std::string describe(const cublasLtMatmulAlgo_t& algorithm);

}  // namespace twofour::providers::cublaslt
