#include "verify/lattice.h"

#include <algorithm>

namespace twofour::verify {
namespace {

/// What comparing one element costs besides its sum, in multiply-adds. It also bounds the memory of
/// a reference: 2^30 multiply-adds are at most 2^22 elements.
constexpr std::int64_t kElementCost = 256;

/// `first`, first + stride, ... below `end`.
Progression progression(std::int64_t first, std::int64_t stride, std::int64_t end) {
  return {first, stride, first < end ? (end - first + stride - 1) / stride : 0};
}

}  // namespace

Lattice::Lattice(const GemmShape& shape, std::int64_t multiply_add_budget)
    : m_(shape.m), n_(shape.n) {
  const auto cost = static_cast<double>(std::max(shape.k, kElementCost));
  const auto budget = static_cast<double>(multiply_add_budget);
  const std::int64_t largest = std::max(m_, n_);
  for (std::int64_t tile = 1; tile <= largest; ++tile) {
    set_tile(tile);
    if (elements() * cost <= budget) return;
  }
}

void Lattice::set_tile(std::int64_t tile) {
  tile_ = tile;
  p_ = std::min(tile, m_);
  q_ = std::min(tile, n_);
  // With one row to a window there is no second row to shift: each q-th column. That happens for
  // tile 1, which is everything, and for M = 1.
  period_ = p_ == 1 ? q_ : p_ * q_ - 1;
}

double Lattice::elements() const {
  const auto m = static_cast<double>(m_);
  const auto n = static_cast<double>(n_);
  if (period_ == 1) return m * n;
  return m * n / static_cast<double>(period_) + m / static_cast<double>(p_) +
         n / static_cast<double>(q_);
}

bool Lattice::in_period(std::int64_t i, std::int64_t j) const {
  return (j - q_ * i % period_) % period_ == 0;
}

Progression Lattice::edge_columns() const { return progression((n_ - 1) % q_, q_, n_); }

std::vector<std::int32_t> Lattice::columns_of(std::int64_t i) const {
  std::vector<std::int32_t> columns;
  const auto add = [&](std::int64_t j) { columns.push_back(static_cast<std::int32_t>(j)); };
  const Progression period = progression(q_ * i % period_, period_, n_);
  for (std::int64_t x = 0; x < period.count; ++x) add(period.at(x));
  if (i == m_ - 1) {
    const Progression edge = edge_columns();
    for (std::int64_t x = 0; x < edge.count; ++x) {
      if (!in_period(i, edge.at(x))) add(edge.at(x));
    }
    std::sort(columns.begin(), columns.end());
  } else if (is_edge_row(i) && !in_period(i, n_ - 1)) {
    add(n_ - 1);
  }
  return columns;
}

std::vector<ElementBlock> Lattice::blocks() const {
  std::vector<ElementBlock> blocks;
  // Columns of one residue r share their rows: q i = r (mod pq - 1) means i = p r, since pq = 1.
  for (std::int64_t r = 0; r < std::min(period_, n_); ++r) {
    const Progression columns = progression(r, period_, n_);
    if (p_ == 1) {
      if (r == 0) blocks.push_back({progression(0, 1, m_), columns});
      continue;
    }
    const Progression rows = progression(p_ * r % period_, period_, m_);
    if (rows.count > 0) blocks.push_back({rows, columns});
  }
  if (period_ == 1) return blocks;
  blocks.push_back({progression(m_ - 1, 1, m_), edge_columns(), true});
  // The last corner belongs to the last row.
  const Progression edge_rows = progression((m_ - 1) % p_, p_, m_ - 1);
  if (edge_rows.count > 0) blocks.push_back({edge_rows, progression(n_ - 1, 1, n_), true});
  return blocks;
}

}  // namespace twofour::verify
