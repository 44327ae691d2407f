// Says what is in hand before each step that may hang, crash or end the device.
#pragma once

#include <exception>
#include <string>

#include "core/record.h"
#include "providers/search_log.h"

namespace twofour::run {

/// What was in hand when a process ended.
struct Attempt {
  Record row;             ///< as it was known when the step began
  std::string algorithm;  ///< that a search was trying; empty: none
  providers::SearchScope scope;
};

/// Told before and after each call into a kernel. A process that ends on the way leaves what it was
/// told last.
class Attempts {
 public:
  virtual ~Attempts() = default;
  /// `row` as it is known now. The number that is returned stands for it from here on; it is above
  /// zero.
  virtual int describe(const Record& row) = 0;
  /// A call into the kernel of row `row` follows. Called before each sample, so it costs next to
  /// nothing.
  virtual void enter(int row) = 0;
  /// A search for row `row` is about to launch `algorithm`.
  virtual void try_algorithm(int row, const std::string& algorithm,
                             const providers::SearchScope& scope) = 0;
  /// No kernel is in hand.
  virtual void leave() = 0;
};

/// For those who need no account.
class NoAttempts final : public Attempts {
 public:
  int describe(const Record& /*row*/) override { return 1; }
  void enter(int /*row*/) override {}
  void try_algorithm(int /*row*/, const std::string& /*algorithm*/,
                     const providers::SearchScope& /*scope*/) override {}
  void leave() override {}
};

/// Enters on construction and leaves on destruction, but not where an exception passes: what ends
/// the process must be found in hand.
class AttemptScope {
 public:
  AttemptScope(Attempts& attempts, const Record& row)
      : attempts_(attempts), row_(attempts.describe(row)) {
    attempts_.enter(row_);
  }
  ~AttemptScope() {
    if (std::uncaught_exceptions() == exceptions_) attempts_.leave();
  }
  AttemptScope(const AttemptScope&) = delete;
  AttemptScope& operator=(const AttemptScope&) = delete;

 private:
  Attempts& attempts_;
  int row_;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace twofour::run
