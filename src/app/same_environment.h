// Whether a run that goes on does so where it began: what a timing depends on is the same.
#pragma once

#include <string>
#include <vector>

#include "core/environment.h"

namespace twofour::app {

/// What differs between the environment of an earlier part of a run and that of now, each in words:
/// "threads: 2 then, 1 now". Looked at are the device, its driver, power limit and instruction set,
/// libraries, program, compiler, threads, seed, and the command line but for options that
/// BenchOptionRow lets differ.
std::vector<std::string> differences(const Environment& then, const Environment& now);

}  // namespace twofour::app
