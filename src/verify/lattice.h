// Which elements of a large D are compared: few, and so spread that no wrong tile goes unseen.
// docs/verification.md proves what is said here.
#pragma once

#include <cstdint>
#include <vector>

#include "core/problem.h"

namespace twofour::verify {

/// first, first + stride, ...: `count` of them.
struct Progression {
  std::int64_t first = 0;
  std::int64_t stride = 1;
  std::int64_t count = 0;
  [[nodiscard]] constexpr std::int64_t at(std::int64_t i) const { return first + i * stride; }
};

/// All pairs of these rows and these columns.
struct ElementBlock {
  Progression rows;
  Progression columns;
  bool edge = false;  ///< some of its elements may belong to a block that is not an edge
};

/// The elements (i, j) with j = q i (mod D), D = p q - 1, and a sparser row of elements along the
/// last row and the last column. Each p x q window meets it, wherever it lies, and so does each
/// part of at least q columns of the last row and of at least p rows of the last column; the last
/// corner belongs to it. With D = 1 it is everything.
class Lattice {
 public:
  /// The densest lattice, with p = min(t, M), q = min(t, N) for the smallest t, whose elements cost
  /// at most `multiply_add_budget`; an element costs K multiply-adds and some constant work.
  Lattice(const GemmShape& shape, std::int64_t multiply_add_budget);

  /// t: the side of the smallest square that cannot be missed. 1 when everything is checked.
  [[nodiscard]] std::int64_t tile() const { return tile_; }
  /// The checked columns of row `i`, ascending.
  [[nodiscard]] std::vector<std::int32_t> columns_of(std::int64_t i) const;
  /// The same elements as blocks: small products that share rows of A and of B. Only edge blocks
  /// overlap others; in_period() tells which of their elements are already there.
  [[nodiscard]] std::vector<ElementBlock> blocks() const;
  /// Whether (i, j) is an element of the periodic part.
  [[nodiscard]] bool in_period(std::int64_t i, std::int64_t j) const;

 private:
  void set_tile(std::int64_t tile);
  [[nodiscard]] double elements() const;
  [[nodiscard]] Progression edge_columns() const;
  [[nodiscard]] bool is_edge_row(std::int64_t i) const { return (m_ - 1 - i) % p_ == 0; }

  std::int64_t m_;
  std::int64_t n_;
  std::int64_t tile_ = 1;
  std::int64_t p_ = 1;
  std::int64_t q_ = 1;
  std::int64_t period_ = 1;  ///< D
};

}  // namespace twofour::verify
