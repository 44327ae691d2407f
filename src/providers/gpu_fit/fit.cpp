#include "providers/gpu_fit/fit.h"

#include <fmt/format.h>

#include <utility>

#include "core/rounding.h"
#include "operands/six_eight.h"

namespace twofour::providers {
namespace {

/// k of a group; 1 of dense weights.
std::int64_t group_of(Sparsity sparsity) {
  switch (sparsity) {
    case Sparsity::kTwoFour:
      return 4;
    case Sparsity::kSixEight:
      return 8;
    case Sparsity::kDense:
      break;
  }
  return 1;
}

}  // namespace

Support whole_groups(const GemmProblem& problem) {
  const std::int64_t group = group_of(problem.sparsity);
  if (problem.shape.k % group == 0) return Support::yes();
  return Support::no(fmt::format("{} needs K to be a multiple of {}, not {}",
                                 to_string(problem.sparsity), group, problem.shape.k));
}

Fit fit_to(const GemmProblem& problem, SideUnits units) {
  Fit fit{.asked = problem, .given = problem};
  GemmShape& shape = fit.given.shape;
  if (problem.sparsity == Sparsity::kSixEight) {
    fit.given.sparsity = Sparsity::kTwoFour;
    shape.k = operands::expanded_k(shape.k);
  }
  shape.k = round_up(shape.k, units.k);
  shape.n = round_up(shape.n, units.n);
  return fit;
}

Support fits_as_batch(const Fit& fit, SideUnits units) {
  if (fit.asked.batch == 1 || !fit.changes()) return Support::yes();
  if (fit.expands()) return Support::no("several GEMMs in one call are 2:4 only");
  return Support::no(fmt::format(
      "several GEMMs in one call are not padded: K = {} and N = {} must be multiples of {} and {}",
      fit.asked.shape.k, fit.asked.shape.n, units.k, units.n));
}

FitBytes fit_bytes(const Fit& fit) {
  const GemmShape& given = fit.given.shape;
  const std::int64_t rows = output_rows(given.m);
  FitBytes bytes;
  if (fit.copies_activations()) bytes.activations = bytes_of(fit.given.a, rows * given.k);
  if (fit.copies_output()) {
    bytes.output = bytes_of(fit.given.d, rows * given.n);
    // Scales of float32, and a bias of each output type.
    bytes.vectors = static_cast<std::size_t>(given.n) * (sizeof(float) + 2 + 2);
  }
  if (fit.changes()) bytes.weights = bytes_of(fit.given.b, given.n * given.k);
  return bytes;
}

Footprint footprint_of(const Fit& fit, Footprint library) {
  if (!fit.changes()) return library;
  const FitBytes bytes = fit_bytes(fit);
  library.workspace_bytes += bytes.activations + bytes.output + bytes.vectors + bytes.weights;
  const GemmShape& given = fit.given.shape;
  library.weights.key += fmt::format("/{}{}x{}", fit.expands() ? "6:8 as " : "", given.n, given.k);
  return library;
}

std::string copies_of(const Fit& fit) {
  if (!fit.copies_activations()) return fit.copies_output() ? "output" : "";
  return fit.copies_output() ? "activations and output" : "activations";
}

}  // namespace twofour::providers
