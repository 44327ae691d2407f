// stdout is for results, whatever a library prints.
#pragma once

#include <cstdio>

namespace twofour::app {

/// To be called before any library may print. From here on what is written to stdout, by a library
/// or a process that is started, goes to stderr, and results() is the stdout that the program was
/// started with.
void keep_stdout_for_results();

/// Where results go: stdout, before and after keep_stdout_for_results().
std::FILE* results();

}  // namespace twofour::app
