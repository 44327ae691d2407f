// What became of one kernel on one problem. Every non-result says why, and the words differ because
// the remedies differ.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/shared_text.h"

namespace twofour {

enum class OutcomeKind : std::uint8_t {
  kOk,           ///< verified and measured: what the row is for is precise
  kUnstable,     ///< verified and measured, but that is not precise in --max-time
  kUnsupported,  ///< the kernel does not do this problem
  kNotBuilt,     ///< the provider is not part of this build
  kSkipped,      ///< could be run, was not: memory, an uneven split, an interruption
  kIncorrect,    ///< ran, and gave a wrong result: never timed
  kFailed,       ///< raised an error, or exceeded --case-timeout
};

inline constexpr std::array<std::pair<OutcomeKind, std::string_view>, 7> kOutcomeNames{{
    {OutcomeKind::kOk, "ok"},
    {OutcomeKind::kUnstable, "unstable"},
    {OutcomeKind::kUnsupported, "unsupported"},
    {OutcomeKind::kNotBuilt, "not_built"},
    {OutcomeKind::kSkipped, "skipped"},
    {OutcomeKind::kIncorrect, "incorrect"},
    {OutcomeKind::kFailed, "failed"},
}};

constexpr std::string_view to_string(OutcomeKind kind) {
  return kOutcomeNames[static_cast<std::size_t>(kind)].second;
}

constexpr std::optional<OutcomeKind> parse_outcome(std::string_view text) {
  for (const auto& [kind, name] : kOutcomeNames) {
    if (name == text) return kind;
  }
  return std::nullopt;
}

/// `reason` is empty only for kOk.
struct Outcome {
  OutcomeKind kind = OutcomeKind::kOk;
  SharedText reason;
  bool operator==(const Outcome&) const = default;

  /// True when there are samples to report.
  [[nodiscard]] bool measured() const {
    return kind == OutcomeKind::kOk || kind == OutcomeKind::kUnstable;
  }
};

}  // namespace twofour
