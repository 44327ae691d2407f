// What docs/verification.md says of the lattice, tried on every window of many shapes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "verify/lattice.h"

namespace twofour::verify {
namespace {

/// M x N marks of the lattice's elements, with sums over rectangles.
class Marks {
 public:
  Marks(const Lattice& lattice, const GemmShape& shape)
      : n_(shape.n + 1), sums_(static_cast<std::size_t>((shape.m + 1) * n_), 0) {
    for (std::int64_t i = 0; i < shape.m; ++i) {
      for (const std::int32_t j : lattice.columns_of(i)) at(i + 1, j + 1) = 1;
    }
    for (std::int64_t i = 1; i <= shape.m; ++i) {
      for (std::int64_t j = 1; j <= shape.n; ++j) {
        at(i, j) += at(i - 1, j) + at(i, j - 1) - at(i - 1, j - 1);
      }
    }
  }
  /// Marks in rows [i, i + rows) and columns [j, j + columns).
  std::int64_t count(std::int64_t i, std::int64_t j, std::int64_t rows, std::int64_t columns) {
    return at(i + rows, j + columns) - at(i, j + columns) - at(i + rows, j) + at(i, j);
  }

 private:
  std::int64_t& at(std::int64_t i, std::int64_t j) {
    return sums_[static_cast<std::size_t>(i * n_ + j)];
  }
  std::int64_t n_;
  std::vector<std::int64_t> sums_;
};

/// Shapes with both sides below and above the tile, square, long and of single rows and columns.
std::vector<GemmShape> shapes() {
  std::vector<GemmShape> shapes;
  for (const std::int64_t m : {1, 2, 3, 7, 16, 33, 61}) {
    for (const std::int64_t n : {1, 2, 5, 17, 40, 64, 101}) shapes.push_back({m, n, 64});
  }
  return shapes;
}

/// Budgets that make the lattice ever sparser: 256 multiply-adds are one element.
constexpr std::int64_t kBudgets[] = {1 << 30, 1 << 19, 1 << 17, 1 << 15, 1 << 13, 1 << 11, 1};

template <class Body>
void for_each_lattice(const Body& body) {
  for (const GemmShape& shape : shapes()) {
    for (const std::int64_t budget : kBudgets) {
      SCOPED_TRACE(testing::Message() << shape.m << " x " << shape.n << ", budget " << budget);
      body(Lattice(shape, budget), shape);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Lattice, EverySquareOfTheTilesSideIsMet) {
  std::set<std::int64_t> tiles;
  for_each_lattice([&](const Lattice& lattice, const GemmShape& shape) {
    const std::int64_t p = std::min(lattice.tile(), shape.m);
    const std::int64_t q = std::min(lattice.tile(), shape.n);
    tiles.insert(lattice.tile());
    Marks marks(lattice, shape);
    for (std::int64_t i = 0; i + p <= shape.m; ++i) {
      for (std::int64_t j = 0; j + q <= shape.n; ++j) {
        ASSERT_GT(marks.count(i, j, p, q), 0) << "window at " << i << ", " << j;
      }
    }
  });
  EXPECT_GT(tiles.size(), 10u);
}

TEST(Lattice, EveryStretchOfTheLastRowAndColumnIsMetAndTheCornerBelongsToIt) {
  for_each_lattice([](const Lattice& lattice, const GemmShape& shape) {
    const std::int64_t p = std::min(lattice.tile(), shape.m);
    const std::int64_t q = std::min(lattice.tile(), shape.n);
    Marks marks(lattice, shape);
    for (std::int64_t j = 0; j + q <= shape.n; ++j) {
      ASSERT_GT(marks.count(shape.m - 1, j, 1, q), 0) << "last row at " << j;
    }
    for (std::int64_t i = 0; i + p <= shape.m; ++i) {
      ASSERT_GT(marks.count(i, shape.n - 1, p, 1), 0) << "last column at " << i;
    }
    EXPECT_EQ(marks.count(shape.m - 1, shape.n - 1, 1, 1), 1);
  });
}

// Kernels cut D into tiles from the first corner; those along the far edges are cut off.
TEST(Lattice, EveryTileOfATilingIsMetCutOffOnesToo) {
  for_each_lattice([](const Lattice& lattice, const GemmShape& shape) {
    Marks marks(lattice, shape);
    const std::int64_t t = lattice.tile();
    for (const auto& [height, width] :
         {std::pair{t, t}, std::pair{t + 1, 2 * t}, std::pair{3 * t, t + 3}}) {
      for (std::int64_t i = 0; i < shape.m; i += height) {
        for (std::int64_t j = 0; j < shape.n; j += width) {
          ASSERT_GT(marks.count(i, j, std::min(height, shape.m - i), std::min(width, shape.n - j)),
                    0)
              << height << " x " << width << " tile at " << i << ", " << j;
        }
      }
    }
  });
}

TEST(Lattice, BlocksHoldTheElementsOfTheRowsAndOnlyEdgesOverlap) {
  for_each_lattice([](const Lattice& lattice, const GemmShape& shape) {
    std::set<std::pair<std::int64_t, std::int64_t>> of_rows;
    for (std::int64_t i = 0; i < shape.m; ++i) {
      const auto columns = lattice.columns_of(i);
      EXPECT_TRUE(std::is_sorted(columns.begin(), columns.end()));
      for (const std::int32_t j : columns) EXPECT_TRUE(of_rows.emplace(i, j).second);
    }
    std::set<std::pair<std::int64_t, std::int64_t>> of_blocks;
    for (const ElementBlock& block : lattice.blocks()) {
      for (std::int64_t r = 0; r < block.rows.count; ++r) {
        for (std::int64_t c = 0; c < block.columns.count; ++c) {
          const std::int64_t i = block.rows.at(r);
          const std::int64_t j = block.columns.at(c);
          EXPECT_TRUE(block.edge || lattice.in_period(i, j)) << i << ", " << j;
          const bool is_new = of_blocks.emplace(i, j).second;
          EXPECT_TRUE(is_new || (block.edge && lattice.in_period(i, j))) << i << ", " << j;
        }
      }
    }
    EXPECT_EQ(of_blocks, of_rows);
  });
}

TEST(Lattice, CostsNoMoreThanTheBudgetAndNoLessThanItMust) {
  const GemmShape shape{128, 57344, 8192};
  const Lattice lattice(shape, std::int64_t{1} << 30);
  std::int64_t elements = 0;
  for (std::int64_t i = 0; i < shape.m; ++i) {
    elements += static_cast<std::int64_t>(lattice.columns_of(i).size());
  }
  EXPECT_LE(elements * shape.k, std::int64_t{1} << 30);
  EXPECT_EQ(lattice.tile(), 8);
  EXPECT_EQ(Lattice({64, 64, 64}, std::int64_t{1} << 30).tile(), 1);
}

}  // namespace
}  // namespace twofour::verify
