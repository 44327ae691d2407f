// Result files that a command is given, and what it makes of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.h"
#include "report/report.h"

namespace twofour::app {

/// Gives the runs and rows of all `files` in their order to `take`, and returns the runs without
/// their rows. As read_result_files() in everything else.
std::vector<report::Run> scan_result_files(std::span<const std::string> files,
                                           report::KeepSamples keep, const report::TakeRows& take);

/// The runs of all `files` in their order. A file that is still being written is read as far as it
/// goes. Throws UsageError naming the file, and the line and the field where it has such.
std::vector<report::Run> read_result_files(std::span<const std::string> files,
                                           report::KeepSamples keep = report::KeepSamples::kYes);

/// Gives the lines of `file` one by one, without their newlines. Returns whether it has a last one
/// without an end, which is not given. Throws UsageError naming the file when it cannot be read.
bool read_lines(const std::string& file, FunctionRef<void(std::string_view)> take);

/// A file, or stdout, that is written piece by piece. The file is there when it is whole: until
/// then an earlier one is.
class OutputFile {
 public:
  /// To stdout without `file`. Throws CannotWrite (app/standard_streams.h) naming the file and the
  /// cause, as all of them do; then nothing is left.
  explicit OutputFile(std::optional<std::string> file);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// All has been written.
  void finish();

 private:
  [[noreturn]] void fail(int error);

  std::optional<std::string> file_;
  std::string written_;    ///< where the bytes go
  bool in_place_ = false;  ///< a device or a pipe: it cannot be put in another's place
  int descriptor_ = -1;
};

/// Writes `bytes` to `file`, through a file beside it so that an earlier one is whole until the new
/// one is; to stdout without one. Throws CannotWrite naming the file and the cause.
void write_output(const std::optional<std::string>& file, std::string_view bytes);

}  // namespace twofour::app
