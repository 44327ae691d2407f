// What the tables for people hold, before it is text or Markdown.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "report/columns.h"
#include "report/grid.h"

namespace twofour::report {

enum class Medium { kText, kMarkdown };

struct Block {
  std::string title;
  Grid grid;
};

/// "AMD EPYC 9R14 (cpu), avx512_bf16, 2 threads".
std::string device_text(const DeviceInfo& device);

/// The rows of one case under its heading: "[0]  scaled-torch.int8-gemm | MKN=(1x4096x6144) | qkv
/// of meta-llama/Llama-3-8b, TP 1".
Block case_table(std::span<const Record> records, Medium medium);

/// A table of rows that stay where they are, made piece by piece: of many rows it takes more memory
/// than they do.
class LongTable {
 public:
  LongTable(std::string title, std::vector<const Record*> records, Medium medium);
  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] std::size_t rows() const { return records_.size(); }
  /// Of all pieces.
  [[nodiscard]] const std::vector<Grid::Heading>& headings() const { return headings_; }
  /// Rows from number `begin` on, at most `most`.
  [[nodiscard]] Grid piece(std::size_t begin, std::size_t most) const;

 private:
  std::string title_;
  std::vector<const Record*> records_;
  std::size_t remark_column_ = 0;  ///< set with columns_
  std::vector<const Column*> columns_;
  std::vector<Grid::Heading> headings_;
  bool hot_ = false;
};

/// All rows: one table, or for model_bench one for each model and TP size. `records` by ascending
/// case.
std::vector<LongTable> sweep_tables(std::span<const Record> records, Medium medium);

/// Rows of one model and TP size together, both in order of appearance.
std::vector<std::vector<const Record*>> by_model(std::span<const Record> records);

/// What stands below the last table.
struct Conclusion {
  std::vector<std::string> counts;  ///< of verdicts, and of rows without a result
  Grid means;                       ///< may have no rows
  Grid sustained;                   ///< likewise
  Grid real_weights;                ///< likewise
  std::string real_weights_text;    ///< empty where that has no rows
  std::vector<std::string> legend;
  std::string answer;  ///< begins with the device that was measured, where the rows tell
};
Conclusion conclude(std::span<const Record> records, std::string_view win_mark);

}  // namespace twofour::report
