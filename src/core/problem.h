// One GEMM, in full: D[M,N] = scale_a * scale_b * (A[M,K] x B[K,N]) + bias[N].
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/data_type.h"
#include "core/named.h"

namespace twofour {

/// Elements, not bytes. A is M x K, B is K x N, D is M x N.
struct GemmShape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  bool operator==(const GemmShape&) const = default;
};

/// Of weights along K, as non-zeros : window.
enum class Sparsity : std::uint8_t { kDense, kTwoFour, kSixEight };

/// How many float32 scales an operand has: none, one for the tensor, or one for each row of A
/// (per token) respectively each column of B (per channel).
enum class ScaleGranularity : std::uint8_t { kNone, kTensor, kVector };

struct ScaleScheme {
  ScaleGranularity a = ScaleGranularity::kTensor;
  ScaleGranularity b = ScaleGranularity::kTensor;
  bool operator==(const ScaleScheme&) const = default;
};

/// "none", "tensor", "token", "channel" or "token-channel": the vector sides, named.
std::string_view to_string(ScaleScheme scheme);
/// The inverse of to_string; nothing for any other text.
std::optional<ScaleScheme> parse_scale_scheme(std::string_view text);

inline constexpr NameTable<Sparsity, 3> kSparsityNames{{
    {Sparsity::kDense, "dense"},
    {Sparsity::kTwoFour, "2:4"},
    {Sparsity::kSixEight, "6:8"},
}};

/// Those that weights can be pruned to.
inline constexpr NameTable<Sparsity, 2> kPatternNames{{
    kSparsityNames[1],
    kSparsityNames[2],
}};

constexpr std::string_view to_string(Sparsity sparsity) {
  return name_in(kSparsityNames, sparsity);
}

constexpr bool is_sparse(Sparsity sparsity) { return sparsity != Sparsity::kDense; }

/// Share of the weights that a kernel of this sparsity multiplies.
constexpr double kept_share(Sparsity sparsity) {
  switch (sparsity) {
    case Sparsity::kTwoFour:
      return 0.5;
    case Sparsity::kSixEight:
      return 0.75;
    case Sparsity::kDense:
      break;
  }
  return 1;
}

/// How a kernel adds products up.
enum class Accumulation : std::uint8_t {
  kWide,         ///< exactly (int32) or in float32
  kFp8Fast,      ///< with fewer mantissa bits between matrix instructions (Hopper's FP8)
  kOutputParts,  ///< as kWide, but sums of parts of K may be rounded to D's type before they are
                 ///< added
  kBiasAfterRounding,  ///< as kWide, but the product may be rounded to D's type before the bias is
                       ///< added
};

inline constexpr NameTable<Accumulation, 4> kAccumulationNames{{
    {Accumulation::kWide, "wide"},
    {Accumulation::kFp8Fast, "fp8_fast"},
    {Accumulation::kOutputParts, "output_parts"},
    {Accumulation::kBiasAfterRounding, "bias_after_rounding"},
}};

constexpr std::string_view to_string(Accumulation accumulation) {
  return name_in(kAccumulationNames, accumulation);
}

struct GemmProblem {
  GemmShape shape;
  DataType a = DataType::kInt8;
  DataType b = DataType::kInt8;
  DataType d = DataType::kBf16;
  ScaleScheme scales;
  bool bias = false;
  Sparsity sparsity = Sparsity::kDense;
  /// So many GEMMs of this shape in one launch (strided-batched): each has an A, weights and a D of
  /// its own, one behind another in memory, and all have the same scales.
  std::int64_t batch = 1;
  bool operator==(const GemmProblem&) const = default;
};

/// What the name of a kernel that adds a bias ends with.
inline constexpr std::string_view kBiasSuffix = "_bias";

/// The name of the same kernel without bias.
constexpr std::string_view without_bias(std::string_view kernel) {
  if (kernel.ends_with(kBiasSuffix)) kernel.remove_suffix(kBiasSuffix.size());
  return kernel;
}

/// "MxKxN", the order that the tables print.
std::string mkn(const GemmShape& shape);

/// One line that parse_problem reads back, for example
/// "types=i8,i8,bf16 mkn=128x4096x4096 scales=token-channel bias=1 sparsity=2:4"; of several GEMMs
/// with " batch=222" behind it.
std::string to_string(const GemmProblem& problem);

/// Reads a line written by to_string. Throws std::invalid_argument naming the field, its value and
/// what is allowed.
GemmProblem parse_problem(std::string_view line);

/// Dense-equivalent operations of one launch: 2MNK, for dense and 2:4 alike.
constexpr double dense_operations(const GemmShape& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
}

/// Operations that a kernel of this sparsity executes: 2MNK dense, MNK for 2:4, three halves of
/// that for 6:8.
constexpr double executed_operations(const GemmShape& s, Sparsity sparsity) {
  return kept_share(sparsity) * dense_operations(s);
}

/// Bytes of the weights that one launch must read: the values, of a pattern those that are kept
/// with two bits of index for each.
constexpr double weight_bytes(const GemmShape& s, DataType b, Sparsity sparsity) {
  const double kept = kept_share(sparsity) * static_cast<double>(s.n) * static_cast<double>(s.k);
  return kept * (info(b).bits + (is_sparse(sparsity) ? 2 : 0)) / 8;
}

}  // namespace twofour
