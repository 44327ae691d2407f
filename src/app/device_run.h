// One of several devices of this host that measure a run: the life of its process.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/device_list.h"
#include "app/options.h"
#include "job/board.h"
#include "job/deal.h"
#include "job/neighbours.h"
#include "job/winners.h"
#include "run/ledger.h"
#include "workload/workload.h"

namespace twofour::app {

/// What the processes of all devices know. Made before they are started.
struct Crew {
  const BenchOptions& options;
  const CommandLine& line;
  std::span<const workload::Case> cases;
  std::span<const int> own;  ///< places of those that are to be measured
  std::span<const ListedDevice> devices;
  std::filesystem::path joined;  ///< the .jsonl of the run
  std::string job;               ///< which of several processes started these, in words; empty: one
  const job::Board& board;
  job::Deal* deal = nullptr;        ///< of split; null: each device measures every case
  job::Winners* winners = nullptr;  ///< of replicate
  /// What an earlier part of the run left, by a device: of split the same for all.
  std::function<run::Ledger(int rank)> earlier;
};

/// Measures on device `rank` until nothing is left for it, into a file of its own. Returns its exit
/// code: kExitOk where all that it had is done, whatever came of the rows.
int run_device(const Crew& crew, int rank);

}  // namespace twofour::app
