// A line of the .jsonl: an algorithm that this run must avoid.
#pragma once

#include <string>

namespace twofour {

/// A search for `kernel` in case `case_index` tried `algorithm`, and the process that measured came
/// to its end. The row is tried again without the algorithm.
struct EndedAttempt {
  int case_index = 0;
  std::string kernel;
  std::string algorithm;
  std::string ended;  ///< how: "ended by SIGSEGV", "did not return within ..."
  bool operator==(const EndedAttempt&) const = default;
};

}  // namespace twofour
