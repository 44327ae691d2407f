// Dealing the cases of a run out to several processes, the same way in each of them.
#pragma once

#include <span>
#include <vector>

#include "workload/workload.h"

namespace twofour::run {

/// Part `number` of `count`, from 1.
struct Shard {
  int number = 1;
  int count = 1;
  bool operator==(const Shard&) const = default;
};

/// Places in `cases` that go to one device together, in order of appearance: all M of one layer (of
/// one K and N of a sweep), since two devices of one kind differ by some percent. Where there would
/// be fewer groups than `parts`, each case is one.
std::vector<std::vector<int>> case_groups(std::span<const workload::Case> cases, int parts);

/// The places of one shard, ascending: of groups numbered from 0, those with number mod count =
/// shard.number - 1. All shards together have each case once.
std::vector<int> cases_of(const Shard& shard, std::span<const workload::Case> cases);

}  // namespace twofour::run
