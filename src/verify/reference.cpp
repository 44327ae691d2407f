// The sums that results are compared with, at the elements of a lattice.
#include <algorithm>
#include <atomic>
#include <cstddef>

#include "core/parallel.h"
#include "core/rounding.h"
#include "operands/number_formats.h"
#include "operands/vector_isa.h"
#include "verify/dot.h"
#include "verify/lattice.h"
#include "verify/verify.h"

namespace twofour::verify {
namespace {

using operands::VectorIsa;
using operands::with_vector_isa;

/// Rows and columns of one piece of work at most.
constexpr std::int64_t kSide = 64;

std::vector<ElementBlock> pieces_of(const Lattice& lattice) {
  std::vector<ElementBlock> pieces;
  for (const ElementBlock& block : lattice.blocks()) {
    for (std::int64_t i = 0; i < block.rows.count; i += kSide) {
      for (std::int64_t j = 0; j < block.columns.count; j += kSide) {
        ElementBlock piece = block;
        piece.rows.first = block.rows.at(i);
        piece.rows.count = std::min(kSide, block.rows.count - i);
        piece.columns.first = block.columns.at(j);
        piece.columns.count = std::min(kSide, block.columns.count - j);
        pieces.push_back(piece);
      }
    }
  }
  return pieces;
}

/// What one thread works in. Column c of a piece has its sums at [c * kSide].
template <DataType kType>
struct Scratch {
  std::vector<Wide<kType>> a;
  std::vector<Wide<kType>> b;
  std::vector<double> sums;
  std::vector<double> magnitudes;

  Scratch() : a(kSide * kDotChunk), b(kDotChunk), sums(kSide * kSide), magnitudes(kSide * kSide) {}
};

template <DataType kType>
struct PieceSums {
  using Code = typename operands::Format<kType>::Code;
  const Code* a;
  const Code* b;
  std::int64_t k;
  VectorIsa isa;

  /// Widens `count` codes from `codes` on and fills up with zeros.
  void widen(const Code* codes, std::int64_t count, std::int64_t padded, Wide<kType>* wide) const {
    with_vector_isa<WidenRow<kType>>(isa, codes, count, wide);
    std::fill(wide + count, wide + padded, Wide<kType>{0});
  }

  /// Columns lie far apart, so the processor does not foresee the next one.
  static void ask_for(const Code* codes, std::int64_t count) {
    constexpr std::int64_t kLine = 64 / sizeof(Code);
    for (std::int64_t i = 0; i < count; i += kLine) __builtin_prefetch(codes + i);
  }

  void compute(const ElementBlock& piece, Scratch<kType>& scratch) const {
    std::fill(scratch.sums.begin(), scratch.sums.end(), 0.0);
    std::fill(scratch.magnitudes.begin(), scratch.magnitudes.end(), 0.0);
    for (std::int64_t begin = 0; begin < k; begin += kDotChunk) {
      const std::int64_t count = std::min(kDotChunk, k - begin);
      const std::int64_t padded = round_up(count, kDotLanes);
      for (std::int64_t r = 0; r < piece.rows.count; ++r) {
        widen(a + piece.rows.at(r) * k + begin, count, padded, scratch.a.data() + r * kDotChunk);
      }
      for (std::int64_t c = 0; c < piece.columns.count; ++c) {
        ask_for(c + 1 < piece.columns.count ? b + piece.columns.at(c + 1) * k + begin
                                            : b + piece.columns.at(0) * k + begin + count,
                count);
        widen(b + piece.columns.at(c) * k + begin, count, padded, scratch.b.data());
        double* sums = scratch.sums.data() + c * kSide;
        if constexpr (is_integer(kType)) {
          with_vector_isa<DotInt8Rows>(
              isa, static_cast<const std::int16_t*>(scratch.a.data()), piece.rows.count,
              static_cast<const std::int16_t*>(scratch.b.data()), padded, sums);
        } else {
          dot_float_rows(isa, static_cast<const float*>(scratch.a.data()), piece.rows.count,
                         static_cast<const float*>(scratch.b.data()), padded, sums,
                         scratch.magnitudes.data() + c * kSide);
        }
      }
    }
  }
};

std::vector<float> copy_scales(const float* scales, ScaleGranularity granularity,
                               std::int64_t extent) {
  if (scales == nullptr) return {1.0f};
  return {scales, scales + (granularity == ScaleGranularity::kVector ? extent : 1)};
}

template <class Decode>
std::vector<float> copy_bias(const void* bias, std::int64_t n, const Decode& decode) {
  if (bias == nullptr) return {};
  const auto* codes = static_cast<const std::uint16_t*>(bias);
  std::vector<float> values(static_cast<std::size_t>(n));
  std::transform(codes, codes + n, values.begin(), decode);
  return values;
}

}  // namespace

Reference::Reference(const HostOperands& operands, const Lattice& lattice)
    : shape_(operands.spec.shape),
      type_(operands.spec.type),
      tile_(lattice.tile()),
      scale_a_(copy_scales(operands.scale_a, operands.spec.scales.a, shape_.m)),
      scale_b_(copy_scales(operands.scale_b, operands.spec.scales.b, shape_.n)),
      bias_bf16_(copy_bias(operands.bias_bf16, shape_.n, operands::bf16_to_float)),
      bias_fp16_(copy_bias(operands.bias_fp16, shape_.n, operands::fp16_to_float)) {
  row_begin_.push_back(0);
  for (std::int64_t i = 0; i < shape_.m; ++i) {
    const std::vector<std::int32_t> columns = lattice.columns_of(i);
    columns_.insert(columns_.end(), columns.begin(), columns.end());
    row_begin_.push_back(static_cast<std::int64_t>(columns_.size()));
  }
  sums_.resize(columns_.size());
  if (!is_integer(type_)) magnitudes_.resize(columns_.size());
}

Reference::Reference(const HostOperands& operands, int threads, std::int64_t multiply_add_budget)
    : Reference(operands, Lattice(operands.spec.shape, multiply_add_budget), threads) {}

Reference::Reference(const HostOperands& operands, const Lattice& lattice, int threads)
    : Reference(operands, lattice) {
  with_operand_type(type_, [&]<DataType kType>() { add_up<kType>(operands, lattice, threads); });
}

Reference::Reference(const HostOperands& operands, SumElements sum,
                     std::int64_t multiply_add_budget)
    : Reference(operands, Lattice(operands.spec.shape, multiply_add_budget)) {
  sum(row_begin_, columns_, sums_, magnitudes_);
}

template <DataType kType>
void Reference::add_up(const HostOperands& operands, const Lattice& lattice, int threads) {
  using Code = typename operands::Format<kType>::Code;
  const PieceSums<kType> sums{static_cast<const Code*>(operands.a),
                              static_cast<const Code*>(operands.b), shape_.k,
                              operands::widest_vector_isa()};
  const std::vector<ElementBlock> pieces = pieces_of(lattice);
  std::vector<Scratch<kType>> scratches(static_cast<std::size_t>(threads));
  std::atomic<std::size_t> next{0};
  parallel_run(threads, [&](int index, int) {
    Scratch<kType>& scratch = scratches[static_cast<std::size_t>(index)];
    for (std::size_t i = next++; i < pieces.size(); i = next++) {
      const ElementBlock& piece = pieces[i];
      sums.compute(piece, scratch);
      for (std::int64_t r = 0; r < piece.rows.count; ++r) {
        const std::int64_t row = piece.rows.at(r);
        std::size_t at = position(row, piece.columns.first);
        for (std::int64_t c = 0; c < piece.columns.count; ++c) {
          const std::int64_t column = piece.columns.at(c);
          while (columns_[at] != column) ++at;
          // Each element is written by one piece alone.
          if (piece.edge && lattice.in_period(row, column)) continue;
          const auto from = static_cast<std::size_t>(c * kSide + r);
          sums_[at] = scratch.sums[from];
          if (!magnitudes_.empty()) magnitudes_[at] = static_cast<float>(scratch.magnitudes[from]);
        }
      }
    }
  });
}

std::size_t Reference::position(std::int64_t row, std::int64_t column) const {
  const auto begin = columns_.begin() + row_begin_[static_cast<std::size_t>(row)];
  const auto end = columns_.begin() + row_begin_[static_cast<std::size_t>(row) + 1];
  return static_cast<std::size_t>(std::lower_bound(begin, end, column) - columns_.begin());
}

double Reference::share_checked() const {
  return static_cast<double>(columns_.size()) /
         (static_cast<double>(shape_.m) * static_cast<double>(shape_.n));
}

}  // namespace twofour::verify
