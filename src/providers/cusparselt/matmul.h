// A problem in cuSPARSELt's terms. The structured operand is the weight and comes first:
// D^T[N][M] = W[N][K] x A^T. D^T in column-major order is D in row-major order.
#pragma once

#include <cusparseLt.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"

namespace twofour::providers::cusparselt {

/// Throws as device::cuda::throw_failure does when `status` is not success; `what` fits after
/// "cuSPARSELt could not".
void check(cusparseStatus_t status, std::string_view what);

/// The library's context on the current GPU; shared by all operations.
class Handle {
 public:
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] const cusparseLtHandle_t* get() const { return &handle_; }
  /// For example "0.8.0".
  [[nodiscard]] std::string version() const;

 private:
  cusparseLtHandle_t handle_{};
};

/// Sizes in bytes.
struct CompressedSize {
  std::size_t weight = 0;
  std::size_t scratch = 0;  ///< needed while compressing only
};

/// One matrix descriptor, destroyed if it was made.
struct Matrix {
  Matrix() = default;
  ~Matrix() {
    if (made) cusparseLtMatDescriptorDestroy(&descriptor);
  }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;

  cusparseLtMatDescriptor_t descriptor{};
  bool made = false;
};

/// A product in the library's descriptors, which refer to each other: it stays where it was made.
class Description {
 public:
  /// `bias` ([N] of the output's type) is ignored where the problem has none. Throws when the
  /// library does not take the problem.
  Description(std::shared_ptr<const Handle> handle, const GemmProblem& problem, const void* bias);
  Description(const Description&) = delete;
  Description& operator=(const Description&) = delete;

  /// Of all weights of a batch. Throws where the library tells a size that they do not fit in.
  [[nodiscard]] CompressedSize compressed_size() const;
  /// Compresses `weight` ([N][K], 2:4; of a batch one behind another) on `stream`.
  void compress(const void* weight, void* compressed, void* scratch, cudaStream_t stream) const;

  [[nodiscard]] const std::shared_ptr<const Handle>& handle() const { return handle_; }
  [[nodiscard]] const cusparseLtMatmulDescriptor_t* get() const { return &matmul_; }

 private:
  void make_matrices(const GemmProblem& problem);
  /// Makes of a matrix the first of a batch; `stride` elements from one to the next.
  void make_batch(Matrix& matrix, std::int64_t batch, std::int64_t stride);
  void make_product(const GemmProblem& problem, const void* bias);

  std::shared_ptr<const Handle> handle_;
  std::size_t kept_bytes_ = 0;  ///< of the values that 2:4 keeps, of all weights
  Matrix weight_;
  Matrix a_;
  Matrix d_;
  cusparseLtMatmulDescriptor_t matmul_{};
};

/// One of the library's algorithms.
struct Configuration {
  int id = 0;  ///< below Plan::count()
  /// 1, or -1 where the library is to decide how K is split (Hopper has no other values).
  int split_k = 1;
  bool operator==(const Configuration&) const = default;
};

/// For example "configuration=7 split_k=1".
std::string to_string(const Configuration& configuration);

/// What a launch reads and writes, in device memory but for a scalar alpha.
struct Arguments {
  const void* alpha = nullptr;   ///< host float, or device float [N]
  const void* weight = nullptr;  ///< compressed
  const void* a = nullptr;
  void* d = nullptr;
  void* workspace = nullptr;
  cudaStream_t stream = nullptr;
};

/// A description with one of the library's algorithms chosen. It stays where it was made.
class Plan {
 public:
  /// Throws when the library refuses the configuration.
  Plan(const Description& description, const Configuration& configuration);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// How many algorithms the library has for the description.
  [[nodiscard]] int count() const;
  [[nodiscard]] std::size_t workspace_bytes() const;
  void launch(const Arguments& arguments) const;
  /// As the library has it; it may change what it was given.
  [[nodiscard]] Configuration configuration() const;

 private:
  [[nodiscard]] int get(cusparseLtMatmulAlgAttribute_t attribute) const;
  void set(cusparseLtMatmulAlgAttribute_t attribute, int value);

  std::shared_ptr<const Handle> handle_;
  cusparseLtMatmulAlgSelection_t selection_{};
  cusparseLtMatmulPlan_t plan_{};
};

}  // namespace twofour::providers::cusparselt
