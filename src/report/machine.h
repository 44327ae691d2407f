// What a run ran on, in words.
#pragma once

#include <string>
#include <vector>

#include "core/record.h"
#include "report/report.h"

namespace twofour::report {

/// The command line of a run, quoted for a POSIX shell, without where its files went.
std::string command_line(const Environment& environment);

/// Sentences: device and host, libraries and build, clocks and throttling while rows were measured,
/// and how precise they are. What is not known is left out.
std::vector<std::string> machine_facts(const Run& run);

}  // namespace twofour::report
