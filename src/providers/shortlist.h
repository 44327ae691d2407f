// Finalists of a search, handed on to searches whose problems differ only in the epilogue.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace twofour::providers {

/// Finalists that are handed on: the winner of a related search is nearly always among them.
inline constexpr std::size_t kShortlisted = 3;

/// A bias or another 16-bit output type changes the epilogue of a kernel, and seldom which kernel
/// is the fastest. So the first problem of such a family gets a full search, and the others only
/// time its finalists. Kept in memory for the life of the process.
class Shortlists {
 public:
  static Shortlists& shared();

  /// Names of the finalists of `family`, the fastest first; empty if none of it was searched yet.
  [[nodiscard]] std::vector<std::string> find(const std::string& family) const;
  /// Keeps the first kShortlisted of `names` for `family`, unless there are some already.
  void keep(const std::string& family, std::span<const std::string> names);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> lists_;
};

/// The indices in `names` of those that are not in `avoid`.
std::vector<std::size_t> without(std::span<const std::string> avoid,
                                 std::span<const std::string> names);

/// Which candidates to time: the indices in `names` (all candidates, the most promising first) of
/// those in `shortlist`, in its order. All candidates if fewer than two are found, since a
/// comparison needs two.
std::vector<std::size_t> contestants(std::span<const std::string> names,
                                     std::span<const std::string> shortlist);

}  // namespace twofour::providers
