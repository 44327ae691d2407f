// Rows that compare with one another, put together: what the short tables are made of.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/record.h"
#include "report/grid.h"

namespace twofour::report {

/// The rows of one problem in one state of the cache: of one case, with the same types, scales and
/// bias. Points into the records.
struct Problem {
  std::vector<const Record*> rows;  ///< at least one
  const Record* dense = nullptr;    ///< the fastest; null: none was measured
  const Record* sparse =
      nullptr;  ///< the 2:4 row with the highest speed-up, without one the fastest
  [[nodiscard]] const Record& any() const { return *rows.front(); }
};

/// In order of appearance. Without those where no 2:4 row is, unless none has one.
std::vector<Problem> problems(std::span<const Record* const> records);
std::vector<Problem> problems(std::span<const Record> records);

/// What tells a problem from others, and is the same on every device.
std::string shared_key(const Problem& problem);

/// What tells problems of one table apart, beside their shape.
struct Variety {
  bool d_type = false;
  bool scales = false;
  bool bias = false;
  bool cache = false;
};
/// What the weights of the problems, which belong to one sweep, were pruned to.
Sparsity pattern_of(std::span<const Problem> problems);
Variety variety_of(std::span<const Problem> problems);

/// "qkv 16x4096x6144, bias, hot": the layer, the shape, and what `variety` says must be told.
std::string problem_name(const Record& record, const Variety& variety);
/// Behind the shape: ", bias, hot".
std::string variety_text(const Record& record, const Variety& variety);

/// A row for each problem: the fastest dense and the best 2:4 kernel, and their ratio. 8 columns.
Grid best_table(std::span<const Problem> problems);
/// What the libraries chose to run for the rows of best_table().
Grid algorithm_table(std::span<const Problem> problems);
/// The fastest dense and 2:4 kernel of each library for each problem; microseconds.
Grid library_table(std::span<const Problem> problems);
/// How the fastest 2:4 kernel of each library compares with the fastest of the others. No rows
/// where fewer than two have one.
Grid library_means(std::span<const Problem> problems);

}  // namespace twofour::report
