// Invented rows of a model whose true times are known: what decisions are shown with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace twofour::golden {

/// One layer of the model "lab/model" at one batch size.
struct InventedCase {
  std::string layer;
  std::int64_t k = 0;
  std::int64_t n = 0;
  std::int64_t m = 0;
  double dense_s = 0;
  double ratio = 1;  ///< of dense over 2:4
  std::int64_t count = 32;
  bool part_of_pass = true;  ///< else it is a size between those of the grid
  std::uint64_t seed = 0;    ///< of its rounds
};

/// A dense row and a 2:4 row with 40 rounds, summaries, ratio and verdict as a run makes them.
std::vector<Record> rows_of(const InventedCase& invented, int case_index);

/// Four layers at 1, 64 and 2048 tokens and qkv between; 2:4 wins at few tokens, loses at many in
/// `down`, and is unsupported in `o` at 2048.
report::Run decision_run();

/// "decision.txt", "decision.md", "decision.html", "decision.jsonl" or "dispatch.json" of that run;
/// empty for another name.
std::string decision_rendering(std::string_view name);

}  // namespace twofour::golden
