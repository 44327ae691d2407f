// Is the result right? A reference in exact or double arithmetic, a derived tolerance, and which
// elements were looked at. docs/verification.md gives the derivation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/function_ref.h"
#include "core/problem.h"
#include "core/record.h"
#include "operands/operands.h"

namespace twofour::verify {

class Lattice;

/// Operands in host memory, laid out as operands::Operands describes.
struct HostOperands {
  operands::OperandSpec spec;
  const void* a = nullptr;
  const void* b = nullptr;
  const float* scale_a = nullptr;
  const float* scale_b = nullptr;
  const void* bias_bf16 = nullptr;
  const void* bias_fp16 = nullptr;
};

/// Where a Reference's sums come from when it does not make them itself: fills, for the columns
/// columns[row_begin[i]] to columns[row_begin[i + 1] - 1] of each row i of D, the sums of the
/// products (exact for int8, float64 otherwise) and of their magnitudes, in the order of `columns`.
/// `magnitudes` is empty for int8.
using SumElements =
    FunctionRef<void(std::span<const std::int64_t> row_begin, std::span<const std::int32_t> columns,
                     std::span<double> sums, std::span<float> magnitudes)>;

/// What a check found. `description` names the worst element, its value, the reference and the
/// tolerance; it is empty when the result is right.
struct CheckResult {
  Accuracy accuracy;
  bool right = false;
  double error_squares = 0;      ///< sum over the checked elements of (result - exact)^2
  double reference_squares = 0;  ///< sum over them of exact^2
  std::string description;
};

/// Sums of A x B at the checked elements: exact int64 for int8, double otherwise, with the sum of
/// magnitudes that the tolerance needs. Computed once for all kernels of a case. Small problems are
/// checked in full, large ones on a lattice that meets every tile of at least
/// `tile() x tile()` elements and every edge row and column.
class Reference {
 public:
  /// Multiply-adds a reference may cost unless the caller says otherwise: about a tenth of a second
  /// on two cores.
  static constexpr std::int64_t kDefaultBudget = std::int64_t{1} << 30;

  /// Threads the computation over `threads` host threads. `operands` may be freed afterwards except
  /// for scales and bias, which are copied.
  Reference(const HostOperands& operands, int threads,
            std::int64_t multiply_add_budget = kDefaultBudget);

  /// The same with sums that `sum` computes; a and b of `operands` are not read.
  Reference(const HostOperands& operands, SumElements sum,
            std::int64_t multiply_add_budget = kDefaultBudget);

  /// Compares `d`, [M][N] row-major of type problem.d in host memory, with scales, bias and
  /// rounding as `problem` says. An element that is NaN where the reference is not is wrong.
  [[nodiscard]] CheckResult check(const GemmProblem& problem, Accumulation accumulation,
                                  const void* d, int threads) const;

  /// The same for a caller that brings the checked elements of D alone, in the order in which
  /// SumElements had them.
  [[nodiscard]] CheckResult check_elements(const GemmProblem& problem, Accumulation accumulation,
                                           std::span<const std::uint16_t> codes, int threads) const;
  [[nodiscard]] std::size_t elements() const { return columns_.size(); }

  /// Share of the M x N elements that are checked.
  [[nodiscard]] double share_checked() const;
  /// Side of the smallest square tile that cannot be missed.
  [[nodiscard]] std::int64_t tile() const { return tile_; }

 private:
  Reference(const HostOperands& operands, const Lattice& lattice);
  Reference(const HostOperands& operands, const Lattice& lattice, int threads);
  template <DataType kType>
  void add_up(const HostOperands& operands, const Lattice& lattice, int threads);
  /// `code(element, row, column)` is what D has there.
  template <class Code>
  [[nodiscard]] CheckResult check_all(const GemmProblem& problem, Accumulation accumulation,
                                      int threads, const Code& code) const;
  [[nodiscard]] std::int64_t row_of(std::int64_t element) const;
  /// Where in the vectors below a checked element lies.
  [[nodiscard]] std::size_t position(std::int64_t row, std::int64_t column) const;

  GemmShape shape_;
  DataType type_ = DataType::kInt8;
  std::int64_t tile_ = 1;
  /// Checked columns of row i: row_begin_[i] .. row_begin_[i + 1] in the three vectors below.
  std::vector<std::int64_t> row_begin_;
  std::vector<std::int32_t> columns_;
  std::vector<double> sums_;       ///< exact for int8: |sum| < 2^53
  std::vector<float> magnitudes_;  ///< sum of |a x b|; empty for int8
  std::vector<float> scale_a_;
  std::vector<float> scale_b_;
  std::vector<float> bias_bf16_;
  std::vector<float> bias_fp16_;
};

/// Byte that D is filled with before the verifying launch: a NaN in bf16 and in fp16, so that an
/// element no kernel wrote cannot pass.
inline constexpr unsigned char kPoisonByte = 0xFF;

}  // namespace twofour::verify
