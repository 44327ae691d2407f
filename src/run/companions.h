// Other devices that measure the same cases at the same time, each in a process of its own.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "core/record.h"

namespace twofour::run {

/// What the process that measures one device tells those of the others, and hears from them.
/// Members that wait return when `stop` is requested, and do not wait for a device that is lost.
class Companions {
 public:
  virtual ~Companions() = default;

  /// This device goes on with a case. Where devices measure together, waits for the others.
  virtual void begin_case(int case_index, const std::stop_token& stop) = 0;
  /// The algorithm of `kernel` that another device's search found in this case, once that is known.
  /// Empty: this device is to search.
  virtual std::string winner(int case_index, const std::string& kernel,
                             const std::stop_token& stop) = 0;
  /// This device has found `algorithm`.
  virtual void found(int case_index, const std::string& kernel, const std::string& algorithm) = 0;
  /// This device searches for no further kernel of the case.
  virtual void searched(int case_index) = 0;
  /// What follows begins on all devices at once that come to this call in this case. Where devices
  /// do not measure together, returns at once.
  virtual void meet(int case_index, const std::stop_token& stop) = 0;
  /// Of the meetings since begin_case() or the last call of this; nothing: there was none.
  virtual std::optional<Together> met() = 0;
  /// This device has no further case.
  virtual void end() = 0;
};

}  // namespace twofour::run
