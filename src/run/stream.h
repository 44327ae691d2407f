// What measuring takes and gives: orders in, results out.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/environment.h"
#include "core/record.h"

namespace twofour::run {

/// What is known once the device is open and the kernels are selected.
struct Start {
  std::vector<int> cases;  ///< Case::index of those with rows left, in their order
  std::string reserved;    ///< what it took to reserve memory, in words; empty: none was
  std::vector<std::string> notes = {};  ///< what a person should know beforehand, a line each
};

/// Where results go, one by one as they exist.
class ResultStream {
 public:
  virtual ~ResultStream() = default;
  /// Of a new run, before start().
  virtual void environment(const Environment& environment) = 0;
  virtual void start(const Start& start) = 0;
  virtual void row(const Record& record) = 0;
  /// The case has all its rows, but for those that an interruption left.
  virtual void case_end(int case_index) = 0;
};

/// Which cases to measure.
class Orders {
 public:
  virtual ~Orders() = default;
  /// Waits for the next one; nothing when it is time to finish.
  virtual std::optional<int> next_case() = 0;
  /// Asks to come to an end.
  [[nodiscard]] virtual std::stop_token stop() const = 0;
};

}  // namespace twofour::run
