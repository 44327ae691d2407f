// Comparison of one result with the reference.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/parallel.h"
#include "operands/fill.h"
#include "verify/tolerance.h"
#include "verify/verify.h"

namespace twofour::verify {
namespace {

struct Comparison {
  double reference = 0;
  double error = 0;
  double tolerance = 0;
  double ratio = 0;
  bool right = true;
};

/// `found` against the interval that every right computation rounds into. Rounding is monotonic, so
/// its ends are the rounded ends of the interval before rounding.
Comparison compare(double found, const ExactElement& exact, DataType type) {
  Comparison c;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double low = round_to(type, exact.value - exact.deviation);
  const double high = round_to(type, exact.value + exact.deviation);
  if (!std::isfinite(exact.value) || !std::isfinite(exact.deviation)) {
    c.reference = exact.value;
    c.right = std::isnan(exact.value) ? std::isnan(found) : found == exact.value;
    c.error = c.right ? 0 : kInfinity;
    c.ratio = c.error;
    return c;
  }
  // A result that must have these bits is compared with them; another one with the exact value.
  c.reference = low == high ? low : exact.value;
  c.right = found >= low && found <= high;  // false for NaN
  if (found == c.reference || (c.right && std::isinf(found))) return c;
  c.error = std::isnan(found) ? kInfinity : std::fabs(found - c.reference);
  c.tolerance = found > c.reference ? high - c.reference : c.reference - low;
  if (c.right) {
    c.ratio = std::isinf(c.tolerance) ? 0 : c.error / c.tolerance;
  } else {
    c.ratio = c.tolerance > 0 && std::isfinite(c.error) ? c.error / c.tolerance : kInfinity;
  }
  return c;
}

/// What one thread has seen. The worst element is the first of those with the largest ratio.
struct Findings {
  double max_error = 0;
  bool exact = true;
  double error_squares = 0;
  double reference_squares = 0;
  std::int64_t wrong = 0;
  Comparison worst;
  double worst_found = 0;
  std::int64_t row = -1;
  std::int64_t column = -1;

  void add(const Comparison& c, double found, std::int64_t i, std::int64_t j) {
    max_error = std::max(max_error, c.error);
    if (!c.right) ++wrong;
    const bool worse = c.right == worst.right ? c.ratio > worst.ratio : !c.right;
    if (row >= 0 && !worse) return;
    worst = c;
    worst_found = found;
    row = i;
    column = j;
  }
  /// `later` has seen later rows.
  void merge(const Findings& later) {
    if (later.row < 0) return;
    const double error = std::max(max_error, later.max_error);
    const std::int64_t all_wrong = wrong + later.wrong;
    exact = exact && later.exact;
    error_squares += later.error_squares;
    reference_squares += later.reference_squares;
    add(later.worst, later.worst_found, later.row, later.column);
    max_error = error;
    wrong = all_wrong;
  }
};

std::string number(double value) {
  return std::isnan(value) ? "NaN" : fmt::format("{:.6g}", value);
}

std::string describe(const Findings& findings, std::size_t checked) {
  return fmt::format(
      "D[{}][{}] is {}, the reference is {}, tolerance {:.3g} ({} of {} checked elements {} wrong)",
      findings.row, findings.column, number(findings.worst_found), number(findings.worst.reference),
      findings.worst.tolerance, findings.wrong, checked, findings.wrong == 1 ? "is" : "are");
}

float scale_at(const std::vector<float>& scales, ScaleGranularity granularity, std::int64_t i) {
  if (granularity == ScaleGranularity::kNone) return 1.0f;
  return scales.size() == 1 ? scales[0] : scales[static_cast<std::size_t>(i)];
}

}  // namespace

template <class Code>
CheckResult Reference::check_all(const GemmProblem& problem, Accumulation accumulation, int threads,
                                 const Code& code_at) const {
  const auto decode = with_output_type(problem.d, []<DataType kType>() -> float (*)(std::uint16_t) {
    return operands::Format<kType>::decode;
  });
  const std::vector<float>& bias = problem.d == DataType::kFp16 ? bias_fp16_ : bias_bf16_;
  const double relative_error = relative_accumulation_error(type_, accumulation, shape_.k);
  std::vector<Findings> findings(static_cast<std::size_t>(threads));
  parallel_run(threads, [&](int index, int count) {
    Findings found;
    // Elements and not rows are shared out: D may have a single row.
    const Range share = thread_share(static_cast<std::int64_t>(columns_.size()), index, count);
    std::int64_t row = row_of(share.begin);
    for (std::int64_t e = share.begin; e < share.end; ++e) {
      while (row_begin_[static_cast<std::size_t>(row) + 1] <= e) ++row;
      const auto at = static_cast<std::size_t>(e);
      const std::int64_t j = columns_[at];
      const double magnitude = magnitudes_.empty() ? 0 : static_cast<double>(magnitudes_[at]);
      double sum_error = relative_error * magnitude;
      if (accumulation == Accumulation::kOutputParts) {
        sum_error += output_parts_error(problem.d, sums_[at], magnitude, shape_.k);
      }
      if (accumulation == Accumulation::kBiasAfterRounding) {
        sum_error += bias_after_rounding_error(problem.d, sums_[at], sum_error);
      }
      const ExactElement exact =
          exact_element(sums_[at], sum_error, scale_at(scale_a_, problem.scales.a, row),
                        scale_at(scale_b_, problem.scales.b, j),
                        problem.bias ? bias[static_cast<std::size_t>(j)] : 0.0f);
      const std::uint16_t code = code_at(at, row, j);
      const auto value = static_cast<double>(decode(code));
      found.exact = found.exact && exact.deviation == 0;
      found.error_squares += (value - exact.value) * (value - exact.value);
      found.reference_squares += exact.value * exact.value;
      found.add(compare(value, exact, problem.d), value, row, j);
    }
    findings[static_cast<std::size_t>(index)] = found;
  });
  Findings all;
  for (const Findings& each : findings) all.merge(each);
  CheckResult result;
  result.accuracy = {.max_error = all.max_error,
                     .max_error_ratio = all.worst.ratio,
                     .share_checked = share_checked(),
                     .exact = all.exact,
                     .accumulation = accumulation};
  result.right = all.wrong == 0;
  result.error_squares = all.error_squares;
  result.reference_squares = all.reference_squares;
  if (!result.right) result.description = describe(all, columns_.size());
  return result;
}

CheckResult Reference::check(const GemmProblem& problem, Accumulation accumulation, const void* d,
                             int threads) const {
  const auto* codes = static_cast<const std::uint16_t*>(d);
  return check_all(
      problem, accumulation, threads,
      [&](std::size_t, std::int64_t i, std::int64_t j) { return codes[i * shape_.n + j]; });
}

CheckResult Reference::check_elements(const GemmProblem& problem, Accumulation accumulation,
                                      std::span<const std::uint16_t> codes, int threads) const {
  return check_all(problem, accumulation, threads,
                   [&](std::size_t at, std::int64_t, std::int64_t) { return codes[at]; });
}

std::int64_t Reference::row_of(std::int64_t element) const {
  const auto after = std::upper_bound(row_begin_.begin(), row_begin_.end(), element);
  return static_cast<std::int64_t>(after - row_begin_.begin()) - 1;
}

}  // namespace twofour::verify
