// The one list of options: parsing, --help, the repro line and the tests read it.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "app/options.h"

namespace twofour::app {

/// A value that an option does not take; what() is the message without the program's name.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Arity : std::uint8_t { kFlag, kOne, kList };

/// Sets of modes, as bits 1 << Mode.
inline constexpr unsigned kSquare = 1U << static_cast<unsigned>(Mode::kSquareBench);
inline constexpr unsigned kRange = 1U << static_cast<unsigned>(Mode::kRangeBench);
inline constexpr unsigned kModel = 1U << static_cast<unsigned>(Mode::kModelBench);
inline constexpr unsigned kEveryMode = ~0U;

struct OptionRow {
  std::string_view name;   ///< "--dtype"
  std::string_view value;  ///< "TYPE"; empty for a flag
  Arity arity;
  unsigned modes;         ///< kEveryMode: before or after any mode; else only after these
  unsigned required_for;  ///< modes that cannot do without it
  std::string_view help;
  std::string_view allowed;  ///< completes "'x' is not ..."
  /// Stores the values; throws UsageError. Called only when the option was given.
  void (*apply)(Options&, const OptionRow&, std::span<const std::string>);
  /// Its value where a measurement depends on it, empty at the default; null: none ever does.
  std::string (*repro)(const Options&);
};

/// In the order of --help. Options that others depend on are applied in this order too.
std::span<const OptionRow> option_rows();

/// "--dtype: 'x' is not one of ...".
[[noreturn]] void reject(const OptionRow& row, std::string_view value);

}  // namespace twofour::app
