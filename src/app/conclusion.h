// What a run's exit code and last lines follow from.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/record.h"
#include "run/supervisor.h"

namespace twofour::app {

/// Rows counted by what came of them.
struct RowTally {
  std::size_t rows = 0;
  std::size_t measured = 0;
  bool any_incorrect = false;
  bool any_failed = false;
  std::string first;  ///< of the rows: "kernel, is failed: reason"

  void add(const Record& record);
};

RowTally tally_of(std::span<const Record> records);

/// `whole`: the cases were measured to their end, and all that was to be written is.
int exit_code(const RowTally& tally, run::RunEnd end, bool whole);

/// Why no row has a time; empty where one has.
std::string nothing_measured(const RowTally& tally);

/// Why a run ended before its cases were done; empty: it did not, or has said so itself.
std::string untimely_end(const run::RunResult& result, double case_timeout_s);

/// The code of a run whose first process never began to measure.
int not_started_code(const run::RunResult& result);

}  // namespace twofour::app
