// The native record of a run: {mode}-{torch dtype}-{unix time}.jsonl, with one writer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data_type.h"
#include "core/function_ref.h"
#include "report/report.h"
#include "run/ledger.h"
#include "run/part_file.h"

namespace twofour::app {

/// The file, open and locked. A member that writes throws CannotWrite when that is not possible.
class JsonlFile {
 public:
  /// A new one in `directory`, which is made when missing. Nothing is left of both unless something
  /// is written.
  static JsonlFile make(const std::filesystem::path& directory, std::string_view mode,
                        DataType dtype);
  /// That of an earlier run. Throws UsageError where it cannot be opened, or another process writes
  /// to it.
  static JsonlFile open(const std::filesystem::path& file);
  /// The file at `path`, made where it is not there, and gone on with where it is.
  static JsonlFile make_or_open(const std::filesystem::path& path);

  JsonlFile(JsonlFile&&) noexcept = default;
  JsonlFile& operator=(JsonlFile&&) = delete;
  JsonlFile(const JsonlFile&) = delete;
  JsonlFile& operator=(const JsonlFile&) = delete;
  ~JsonlFile();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The file beside it in which the process that measures writes.
  [[nodiscard]] std::filesystem::path part() const;

  /// What its lines say; a last line without an end is none. Throws std::invalid_argument naming
  /// the file, the line and the field.
  run::Ledger read(report::KeepSamples keep = report::KeepSamples::kYes);
  /// The same of those parts whose environment is `wanted`.
  using Wanted = std::function<bool(const Environment&)>;
  run::Ledger read_parts(report::KeepSamples keep, const Wanted& wanted);
  /// Gives its lines one by one, without the last one where that has no end; append() goes on
  /// behind them.
  void lines(FunctionRef<void(std::string_view)> take);
  /// It stays when nothing is written to it.
  void keep() { made_.reset(); }
  /// Appends a line, after a last one that had no end is cut off. One that cannot be written whole
  /// is not there at all.
  void append(std::string_view line);
  /// Asks the file system for what it could not keep and has not said yet.
  void sync();

 private:
  JsonlFile(std::filesystem::path path, run::Descriptor descriptor);

  std::filesystem::path path_;
  run::Descriptor descriptor_;
  std::int64_t end_ = 0;
  /// Of a file that is new: the outermost folder that was made for it; empty: none was.
  std::optional<std::filesystem::path> made_;
};

/// What the lines of a file say that another process may hold. As JsonlFile::read().
run::Ledger read_ledger(const std::filesystem::path& file, report::KeepSamples keep);

/// What an earlier run left in its part file, because it was killed before it had read it.
struct LeftBehind {
  std::optional<Environment> environment;
  std::vector<Record> rows;
};

/// Adds what stands in `part`, if it is there, to `ledger`. Returns what is new.
LeftBehind add_left_behind(const std::filesystem::path& part, run::Ledger& ledger);

}  // namespace twofour::app
