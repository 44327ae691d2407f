// Going on in a fresh process, after this one lost its device or a kernel did not come back.
#pragma once

#include <sched.h>

#include <filesystem>
#include <string>
#include <vector>

namespace twofour::app {

/// The command line `arguments` (without the program's name), resuming from `jsonl`.
std::vector<std::string> resuming_arguments(const std::vector<std::string>& arguments,
                                            const std::filesystem::path& jsonl);

/// Remembers how this process was started. Construct it before threads are pinned: the successor
/// gets the processors that this process had then.
class Relaunch {
 public:
  Relaunch(int argc, const char* const* argv);

  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }

  /// Replaces this process, with all its threads and what they hold of a device, by a new one that
  /// resumes from `jsonl`; may be called on any thread. Ends the program with kExitFailed where the
  /// system refuses.
  [[noreturn]] void resume_from(const std::filesystem::path& jsonl) const;

 private:
  std::vector<std::string> arguments_;
  cpu_set_t processors_{};
};

}  // namespace twofour::app
