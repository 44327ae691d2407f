// Going on in a fresh process, after this one lost its device or a kernel did not come back.
#pragma once

#include <sched.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "app/losses.h"

namespace twofour::app {

/// The command line `arguments` (without the program's name), resuming from `jsonl`.
std::vector<std::string> resuming_arguments(const std::vector<std::string>& arguments,
                                            const std::filesystem::path& jsonl);

/// The environment variable by which a process hands its losses to its successor. For that alone:
/// the successor takes it out of its environment.
inline constexpr const char* kLossesVariable = "TWOFOUR_LOSSES";

/// Remembers how this process was started. Construct it before threads are pinned or started: the
/// successor gets the processors that this process had then. Without --resume there are no losses.
class Relaunch {
 public:
  explicit Relaunch(std::vector<std::string> arguments);

  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }
  /// What the process before this one handed on.
  [[nodiscard]] const std::vector<Loss>& losses() const { return losses_; }

  /// Replaces this process, with all its threads and what they hold of a device, by a new one that
  /// resumes from `jsonl` and knows `losses`; may be called on any thread. Ends the program with
  /// kExitFailed where the system refuses.
  [[noreturn]] void resume_from(const std::filesystem::path& jsonl,
                                std::span<const Loss> losses = {}) const;

 private:
  std::vector<std::string> arguments_;
  std::vector<Loss> losses_;
  cpu_set_t processors_{};
};

}  // namespace twofour::app
