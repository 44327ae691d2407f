// From which M to which M 2:4 wins in one layer, and where to measure next.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decide/layers.h"

namespace twofour::decide {

/// What is known of one size.
struct Finding {
  std::int64_t m = 0;
  State state = State::kUnknown;
};

/// Neighbouring measured sizes that agree. Of sizes between them nothing was measured.
struct Range {
  State state = State::kUnknown;
  std::int64_t first = 0;  ///< M, measured
  std::int64_t last = 0;   ///< M, measured; may be `first`
  bool operator==(const Range&) const = default;
};

/// A win and a loss that no decided size lies between: 2:4 breaks even somewhere in the bracket.
struct Edge {
  State below = State::kUnknown;  ///< at `low`: kWin or kLoss
  State above = State::kUnknown;  ///< at `high`: the other one
  std::int64_t low = 0;           ///< M: the last that is decided so
  std::int64_t high = 0;          ///< M: the first that is decided otherwise
  bool operator==(const Edge&) const = default;
};

struct BreakEven {
  std::vector<std::int64_t> grid;  ///< every M that was measured, ascending
  std::vector<Range> ranges;       ///< by ascending M; together they have every M of the grid
  std::vector<Edge> edges;
};

/// One finding for each M, ascending. Measurements of one M that disagree are unclear, and those
/// without an answer do not count beside those with one.
std::vector<Finding> findings(std::span<const Point> points);

/// No order of the states is assumed: 2:4 may win, lose and win again.
BreakEven break_even(std::span<const Finding> findings);

/// How often a layer is bisected at most.
inline constexpr int kMostBisections = 5;

/// The M to measure next, so that a bracket becomes narrower: about the geometric mean of two
/// neighbours that differ. The pair whose quotient is largest is taken first, and one with a win
/// counts twice (of its logarithm), because its place decides what is used. Nothing where no pair
/// has a sensible M between.
///
/// Sensible is each M up to 16, and above that multiples of 8: kernels compute whole tiles of rows
/// (8 at least on tensor cores and in this project's CPU kernels for many rows), so that an M
/// between two multiples takes the time of the upper one.
std::optional<std::int64_t> next_m(std::span<const Finding> findings);

/// "1 to 190, 640 to 4096": the ranges of one state; empty where there is none.
std::string ranges_text(const BreakEven& found, State state);
/// "between 190 and 640"; several are separated by commas.
std::string edges_text(const BreakEven& found);
/// "wins from M = 1 to 190 and from 640 to 4096, unclear from 256 to 512": a finding without a
/// subject and a full stop.
std::string sentence(const BreakEven& found);

}  // namespace twofour::decide
