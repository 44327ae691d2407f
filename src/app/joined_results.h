// What a run of several ranks makes of its joined .jsonl: the other files, and what stdout gets.
#pragma once

#include <filesystem>

#include "app/options.h"

namespace twofour::app {

/// Writes the .csv and the .pkl beside `jsonl`, and the page, and prints what a run prints at its
/// end. The single samples are not held. `whole`: all ranks have measured what they were given.
/// Returns the exit code.
int show_joined(const BenchOptions& options, const std::filesystem::path& jsonl, bool whole);

}  // namespace twofour::app
