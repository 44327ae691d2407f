// The files of a run: {mode}-{torch dtype}-{unix time} with .jsonl, .csv and .pkl.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/record.h"
#include "report/report.h"

namespace twofour::app {

/// Writes the .jsonl as results come, and the other formats from all records at the end. Every
/// member throws std::runtime_error naming the file and the cause when it cannot be written.
class ResultFiles {
 public:
  /// A new run in `directory`, which is created when missing. The environment becomes the first
  /// line of the .jsonl.
  ResultFiles(const std::filesystem::path& directory, std::string_view mode, DataType dtype,
              const Environment& environment);
  /// Goes on with the .jsonl of an earlier run.
  explicit ResultFiles(std::filesystem::path jsonl);

  /// Appends one line for each record and flushes it to the system.
  void append(std::span<const Record> records);
  /// Writes the .csv and the .pkl beside the .jsonl.
  void finish(std::span<const Record> records) const;

  [[nodiscard]] const std::filesystem::path& jsonl() const { return jsonl_; }

 private:
  void append_line(std::string_view line);
  std::filesystem::path jsonl_;
};

/// What an earlier run left: the records of a .jsonl, a last incomplete line left out. Throws
/// std::invalid_argument naming the file, the line and the field when it cannot be read.
report::Results read_jsonl(const std::filesystem::path& file);

}  // namespace twofour::app
