// Starts the program in a folder of its own and looks at what it leaves.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ended_attempt.h"
#include "core/environment.h"
#include "core/record.h"

namespace twofour::cli {

/// An empty folder that goes when the object does.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::vector<std::filesystem::path> files() const;
  /// The only file with this extension; an empty path when there is none or more than one.
  [[nodiscard]] std::filesystem::path only(std::string_view extension) const;

 private:
  std::filesystem::path path_;
};

struct Finished {
  int code = -1;  ///< exit code; 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// Called again and again while the program runs; the process leads a group of its own.
using WhileRunning = std::function<void(pid_t)>;

/// Runs the program in `folder` with TWOFOUR_MOCK set to `mock` (not set when empty). One that
/// takes longer than two minutes is killed, which fails the test.
Finished run(const Folder& folder, const std::vector<std::string>& arguments,
             const std::string& mock = "", const WhileRunning& while_running = {});

/// Runs `line` in a shell, its first word "twofour" being the program under test.
Finished run_line(const Folder& folder, const std::string& line, const std::string& mock = "");

/// Runs the program in the process of a shell that did `line` before: "trap '' HUP".
Finished run_after(const Folder& folder, const std::string& line,
                   const std::vector<std::string>& arguments,
                   const WhileRunning& while_running = {});

/// Calls `act` once, when so many rows are in the .jsonl of `folder`.
WhileRunning once_after_rows(const Folder& folder, std::size_t rows,
                             std::function<void(pid_t)> act);

/// The processes that `pid` started and that are there.
std::vector<pid_t> children_of(pid_t pid);

std::string read_file(const std::filesystem::path& file);
std::vector<std::string> lines_of(const std::string& text);

/// The records of a .jsonl; every line must be a whole one.
struct Results {
  Environment environment;
  std::vector<Record> records;
  std::vector<Record> controls;  ///< rows with twin_of, which are not in `records`
  std::vector<EndedAttempt> attempts;
};
Results read_results(const std::filesystem::path& jsonl);

/// A quick sweep with the mock: int8, M = K = N = 16, 32, 48.
std::vector<std::string> quick_sweep(const std::vector<std::string>& more = {});

}  // namespace twofour::cli
