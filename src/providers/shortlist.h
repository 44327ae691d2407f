// Finalists of searches, for searches of the same problem that differ in what hardly matters.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace twofour::providers {

/// Finalists that are handed on: the winner of a relative is nearly always among them.
inline constexpr std::size_t kShortlisted = 3;

/// A bias or another 16-bit output type changes the epilogue of a kernel and seldom which kernel is
/// the fastest. So the first of such relatives searches in full, and the others have its finalists
/// race. In the memory of the process alone.
class Shortlists {
 public:
  static Shortlists& shared();

  /// Names of the finalists that a relative of `family` left, the best first; empty when there are
  /// none.
  [[nodiscard]] std::vector<std::string> find(const std::string& family) const;
  /// Keeps the first kShortlisted of `names` for `family`, unless there are some already.
  void keep(const std::string& family, std::span<const std::string> names);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> lists_;
};

/// The places in `names` of those that are not in `lost`.
std::vector<std::size_t> without_lost(std::span<const std::string> names,
                                      std::span<const std::string> lost);

/// Which candidates to time: the places in `names` (all candidates, the most promising first) of
/// those in `shortlist`, in its order. All of them when fewer than two are found, since a race
/// needs two.
std::vector<std::size_t> contestants(std::span<const std::string> names,
                                     std::span<const std::string> shortlist);

}  // namespace twofour::providers
