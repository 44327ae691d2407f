// The process that the user started: it starts the process that measures, watches it, and goes on
// after its end. Opens no device, starts no thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "run/attempts.h"
#include "run/case_queue.h"
#include "run/ending.h"
#include "run/part_file.h"
#include "run/stream.h"

namespace twofour::run {

struct SupervisorConfig {
  std::filesystem::path part;
  /// The longest that one call into a kernel may take, of the time in which the child could run; 0:
  /// for ever.
  double case_timeout_s = 0;
  /// Where other processes measure cases of the run too; null: none does.
  CaseSource* source = nullptr;
  /// How many requests to end have come in another way than by signals; empty: there is none.
  std::function<int()> asked_to_end = {};
};

/// What the supervisor tells of a run.
class RunListener : public ResultStream {
 public:
  /// The child goes on with this case now.
  virtual void begin_case(int case_index) = 0;
  /// A child came to its end with `attempt` in hand. Returns after the row is written, or what the
  /// next child must avoid.
  virtual void ended(const Attempt& attempt, const Ending& ending) = 0;
  /// Rows written so far.
  [[nodiscard]] virtual std::size_t rows() const = 0;
};

enum class RunEnd : std::uint8_t {
  kDone,
  kInterrupted,  ///< by a signal
  kRefused,      ///< the child ended by itself before it started, and has said why
  kBadStart,     ///< it came to another end before its first attempt
  kNoProgress,   ///< children ended, one after the other, and none had brought a row
  kCannotWrite,  ///< results cannot be written, and that has been said
  kSourceLost,   ///< those who share its cases are gone, and that has been said
};

struct RunResult {
  RunEnd end = RunEnd::kDone;
  Ending last;  ///< of the last child
};

/// Children in a row without a new row after which a run ends.
inline constexpr int kMostIdleChildren = 3;

/// Runs `measure` in a child, and again in a new one where it came to an untimely end, until its
/// cases are done. A child starts as a copy of this process: it sees what the listener has gathered
/// until then.
RunResult supervise(const SupervisorConfig& config, RunListener& listener,
                    const std::function<int(Orders&, ResultStream&, Attempts&)>& measure);

}  // namespace twofour::run
