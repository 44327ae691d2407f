// What the program's exit codes mean; docs/command-line.md lists them for users.
#pragma once

namespace twofour::app {

inline constexpr int kExitOk = 0;         ///< all rows measured, skipped or unsupported
inline constexpr int kExitFailed = 1;     ///< some row failed, or the run itself could not go on
inline constexpr int kExitUsage = 2;      ///< bad command line or input file
inline constexpr int kExitIncorrect = 3;  ///< some kernel gave a wrong result
inline constexpr int kExitInterrupted = 130;  ///< SIGINT or SIGTERM

/// Of compare, which also returns kExitOk (nothing is slower), and kExitUsage for whatever kept it
/// from an answer, as diff(1) does: 1 is an answer.
inline constexpr int kExitSlower = 1;
inline constexpr int kExitNothingComparable = 3;

}  // namespace twofour::app
