// The .jsonl of a run whose ranks write files of their own: {name}.jsonl of {name}.rank3.jsonl.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "app/jsonl_file.h"

namespace twofour::app {

/// {name}.jsonl of one of its ranks' files; any other file is itself.
std::filesystem::path joined_path(const std::filesystem::path& file);
std::filesystem::path rank_path(const std::filesystem::path& joined, int rank);

/// Appends lines of rank files as they come, and holds none of them. A line that stands there
/// already is not written again; of it a number of 64 bits is kept.
class Joiner {
 public:
  /// Reads what stands in `file`, which must outlive it.
  explicit Joiner(JsonlFile& file);

  /// Another file begins. What the last one had behind its last line's end was not finished.
  void begin();
  /// The next bytes of the file. Throws CannotWrite.
  void add(std::string_view bytes);

 private:
  void add_line(std::string_view line);

  JsonlFile& file_;
  std::unordered_set<std::size_t> known_;
  std::string environment_;  ///< of the lines that follow, where it is not written yet
  std::string rest_;         ///< of a line that is not complete
};

/// Whether a row of a case is to stay that rank `rank` has.
using KeepsRow = std::function<bool(int rank, int case_index)>;

/// Appends what ranks of an earlier part of the run left beside `joined`, in files and part files,
/// and removes them. `keeps` empty: all rows stay. Throws UsageError where a rank is still at work,
/// or a file is no result file.
void take_in_rank_files(JsonlFile& joined, const KeepsRow& keeps = {});

/// The file of the run that --resume `file` means, with what its ranks left.
JsonlFile open_to_resume(const std::filesystem::path& file);

/// Throws UsageError where `ledger`, which `file` holds, cannot be gone on with: it has no
/// environment, or that of another version of the schema.
void require_resumable(const run::Ledger& ledger, const std::filesystem::path& file);

}  // namespace twofour::app
