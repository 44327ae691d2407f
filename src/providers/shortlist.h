// Finalists of a search, handed on to searches of problems that differ only in the epilogue, or in
// the number of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "providers/search.h"

namespace twofour::providers {

/// Finalists that are handed on: the winner of a related search is nearly always among them.
inline constexpr std::size_t kShortlisted = 3;
/// To a neighbour: with other rows the order changes sooner.
inline constexpr std::size_t kNeighbourFinalists = 4;
/// Probes beside them: the most promising of the other kernels, and some spread over the rest.
inline constexpr std::size_t kPromisingProbes = 5;
inline constexpr std::size_t kSpreadProbes = 3;

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

/// An algorithm that was the fastest, and when it was.
struct Winner {
  std::string algorithm;
  double seconds = 0;     ///< of one launch
  std::string found_utc;  ///< ISO 8601
};

/// What was chosen for one of several problems that have one winner (SharedWinner). Kept in memory
/// for the life of the process.
class Winners {
 public:
  static Winners& shared();

  /// Nothing where none of the problems called `alike` was searched yet.
  [[nodiscard]] std::optional<Winner> find(const std::string& alike) const;
  /// Keeps `winner` for them, unless there is one already.
  void keep(const std::string& alike, Winner winner);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Winner> winners_;
};

/// Whether what a search found for `other` rows may be followed for `m` rows of the same weights:
/// both in one regime (up to 64, up to 1023, more), at most 16 times as many, and with the same
/// alignment: the largest power of two up to 16 that divides them. Up to 16 rows are one tile
/// whatever they are.
bool are_neighbours(std::int64_t m, std::int64_t other);

/// Finalists of full searches, by the number of rows. What was found with a neighbour's help is
/// not kept: errors would add up from one to the next. In memory for the life of the process.
class Neighbours {
 public:
  struct Found {
    std::int64_t m = 0;
    std::vector<std::string> names;  ///< the winner first
  };

  static Neighbours& shared();

  /// The neighbour of `m` in `line` with the nearest number of rows, as a ratio; of two as near
  /// the one with fewer. `line` is all that a problem is besides M, bias and output type.
  [[nodiscard]] std::optional<Found> find(const std::string& line, std::int64_t m) const;
  /// Keeps the first kNeighbourFinalists of `names`, unless there are some for these rows already.
  void keep(const std::string& line, std::int64_t m, std::span<const std::string> names);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::int64_t, std::vector<std::string>>> lines_;
};

/// The indices in `names` of those that are not in `avoid`.
std::vector<std::size_t> without(std::span<const std::string> avoid,
                                 std::span<const std::string> names);

/// Which candidates to time: the indices in `names` (all candidates, the most promising first) of
/// those in `shortlist`, in its order. All candidates if fewer than two are found, since a
/// comparison needs two.
std::vector<std::size_t> contestants(std::span<const std::string> names,
                                     std::span<const std::string> shortlist);

/// An order of candidates, of which the first ones are those of a neighbour and probes.
struct LedBy {
  std::vector<std::size_t> order;  ///< indices in the names, each once
  SearchHead head;                 ///< empty: the neighbour does not help, and they are in order
};

/// `names` (all candidates, the most promising first) with the `finalists` of a neighbour and
/// probes before the others. `groups` says which are one kernel with other launch parameters
/// (SearchConfig::groups): probes are of kernels that have no place among the first yet. The head
/// is empty where fewer than two finalists are found or it would be more than half of all.
LedBy led_by(std::span<const std::string> names, std::span<const std::size_t> groups,
             std::span<const std::string> finalists);

}  // namespace twofour::providers
