// What the mock is told to do, by the environment variable TWOFOUR_MOCK (docs/command-line.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>

#include "core/problem.h"

namespace twofour::providers::mock {

enum class FaultKind : std::uint8_t {
  kWrongElement,    ///< one element of D is off by more than any tolerance
  kUnwritten,       ///< the last element of D is not written
  kThrowInPrepare,  ///< a std::runtime_error
  kThrowInLaunch,   ///< a std::runtime_error
  kUnsupported,     ///< supports() says no
  kHang,            ///< launch() does not return
  kSlowFirst,       ///< the first launch takes a hundred times as long
  kDeviceLost,      ///< launch() throws DeviceLost
  kLostInSearch,    ///< plan() throws DeviceLost from an algorithm
  kHangInSearch,    ///< plan() does not return from an algorithm
  kCrashSegv,       ///< launch() ends the process by SIGSEGV
  kCrashAbrt,       ///< the same by SIGABRT
  kCrashIll,        ///< the same by SIGILL
  kCrashInPrepare,  ///< prepare() ends the process by SIGSEGV
  kCrashInSearch,   ///< plan() ends the process by SIGSEGV in an algorithm
  kPrints,          ///< each launch prints a line on stdout, as libraries that log do
};

inline constexpr std::array<std::pair<FaultKind, std::string_view>, 16> kFaultNames{{
    {FaultKind::kWrongElement, "wrong_element"},
    {FaultKind::kUnwritten, "unwritten"},
    {FaultKind::kThrowInPrepare, "throw_in_prepare"},
    {FaultKind::kThrowInLaunch, "throw_in_launch"},
    {FaultKind::kUnsupported, "unsupported"},
    {FaultKind::kHang, "hang"},
    {FaultKind::kSlowFirst, "slow_first"},
    {FaultKind::kDeviceLost, "device_lost"},
    {FaultKind::kLostInSearch, "lost_in_search"},
    {FaultKind::kHangInSearch, "hang_in_search"},
    {FaultKind::kCrashSegv, "crash_segv"},
    {FaultKind::kCrashAbrt, "crash_abrt"},
    {FaultKind::kCrashIll, "crash_ill"},
    {FaultKind::kCrashInPrepare, "crash_in_prepare"},
    {FaultKind::kCrashInSearch, "crash_in_search"},
    {FaultKind::kPrints, "prints"},
}};

/// Strikes kernels whose name contains a match of `kernel`, on problems with M = `m` where it is
/// set.
struct Fault {
  FaultKind kind = FaultKind::kWrongElement;
  std::regex kernel;
  std::optional<std::int64_t> m;
  std::uint64_t algorithms = 1;  ///< of a search: how many of them misbehave
};

struct Config {
  double dense_us = 50;  ///< duration of a dense launch
  double sparse_us = 30;
  double dense_us_per_row = 0;  ///< on top, for each row of A
  double sparse_us_per_row = 0;
  double noise = 0.01;  ///< standard deviation of a duration, relative
  std::uint64_t seed = 0;
  bool sleeps = false;  ///< a launch sleeps for its duration and leaves the processor to others
  /// Algorithms that a search times, as those of a library: algorithm i takes 1 + i / 10 times as
  /// long. 0: there is nothing to search.
  std::uint64_t algorithms = 0;
  std::optional<Fault> fault;

  /// The fault that strikes `kernel` on `problem`, if any.
  [[nodiscard]] std::optional<FaultKind> fault_of(std::string_view kernel,
                                                  const GemmProblem& problem) const;
};

/// Reads the JSON text of TWOFOUR_MOCK. Throws InputError naming the field, its value and what is
/// allowed.
Config parse_config(std::string_view text);

/// The environment's configuration; the defaults when the variable is not set.
Config config_from_environment();

}  // namespace twofour::providers::mock
