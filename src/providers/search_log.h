// What a search of algorithms tells, and is told, about algorithms that end the process.
#pragma once

#include <string>
#include <vector>

#include "core/record.h"

namespace twofour::providers {

/// Where an algorithm that ended a process is to be avoided: on this GPU, for this problem and its
/// relatives (SearchSubject::family). Elsewhere it may be a library's best. Empty: in this run
/// alone.
struct SearchScope {
  std::string gpu;  ///< DeviceInfo::name
  std::string family;
  auto operator<=>(const SearchScope&) const = default;
};

/// Goes along with a search, so that an algorithm that does not return, or ends the process, is
/// known by its name and left out the next time.
class SearchLog {
 public:
  virtual ~SearchLog() = default;
  /// Algorithms that a search in `scope` must not try.
  [[nodiscard]] virtual std::vector<std::string> avoid(const SearchScope& scope) = 0;
  /// Launches of `algorithm` follow.
  virtual void trying(const std::string& algorithm, const SearchScope& scope) = 0;
  /// They returned.
  virtual void tried() = 0;
  /// Where the algorithm came from that was chosen.
  virtual void chosen(const Tuning& /*tuning*/) {}
};

}  // namespace twofour::providers
