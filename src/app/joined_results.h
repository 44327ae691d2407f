// What a run makes of its whole .jsonl: the other files, and what stdout gets.
#pragma once

#include <filesystem>
#include <functional>

#include "app/conclusion.h"
#include "app/options.h"
#include "report/display.h"

namespace twofour::app {

/// Writes the .csv and the .pkl beside `jsonl`, the page and the dispatch table, each of which says
/// on stderr where it cannot be written, calls `before_printing`, and prints what `display` shows
/// at the end of a run; null: nothing. `tally`, where given, is told of all rows. The file is read
/// once, and of many rows the single samples are not held (joined_rows.h). Returns whether all is
/// written.
bool show_results(const BenchOptions& options, const std::filesystem::path& jsonl,
                  const report::Display* display, RowTally* tally = nullptr,
                  const std::function<void()>& before_printing = {});

/// Writes the .csv and the .pkl beside `jsonl`, and the page, and prints what a run prints at its
/// end. The single samples are not held. `whole`: all ranks have measured what they were given.
/// Returns the exit code.
int show_joined(const BenchOptions& options, const std::filesystem::path& jsonl, bool whole);

}  // namespace twofour::app
