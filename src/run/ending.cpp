#include "run/ending.h"

#include <csignal>
#include <cstring>

namespace twofour::run {

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

bool lasts(const Ending& ending) {
  switch (ending.kind) {
    case EndingKind::kDeadline:
    case EndingKind::kDevice:
      return true;
    case EndingKind::kSignal:
      return ending.code != SIGKILL && ending.code != SIGTERM;
    case EndingKind::kExit:
      break;
  }
  return false;
}

}  // namespace twofour::run
