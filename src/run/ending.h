// How a process that measured came to its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace twofour::run {

enum class EndingKind : std::uint8_t {
  kExit,      ///< by itself
  kSignal,    ///< by a signal
  kDeadline,  ///< what it had in hand did not return in time, and it was killed
  kDevice,    ///< its device was gone, and it said so
};

struct Ending {
  EndingKind kind = EndingKind::kExit;
  int code = 0;      ///< exit code, or number of the signal
  std::string said;  ///< kDevice: what the device's failure says
};

/// "SIGSEGV"; "signal 64" for one without a name.
std::string signal_name(int signal);

/// Whether an algorithm that ended a process so is to be avoided by later runs too: anybody may
/// have sent a SIGKILL.
bool lasts(const Ending& ending);

}  // namespace twofour::run
