// Whether a run that goes on does so where it began: what a timing depends on is the same.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/environment.h"

namespace twofour::app {

/// What differs between the environment of an earlier part of a run and that of now, each in words:
/// "threads: 2 then, 1 now". Looked at are the device, its driver, power limit and instruction set,
/// libraries, program, compiler, threads, seed, and the command line but for options that
/// BenchOptionRow lets differ.
std::vector<std::string> differences(const Environment& then, const Environment& now);

/// How a run goes on with what earlier parts left.
struct Continuation {
  /// The last part was measured on this very device, where nothing has changed: rows go on under
  /// its environment.
  bool same_part = false;
  /// What differs from the part that is most like this one; empty: nothing that timings depend on.
  std::vector<std::string> differences;
};

/// `then`: environments of the parts, at least one. Which of several devices that shared the cases
/// a part was measured on is chance, and so is which of them this is: there, and for one of several
/// ranks or devices (`part_of_job`), UUID and place of a device of the same kind may differ. Hosts
/// of a job may differ in more than that; one part like this one is enough.
Continuation continuation(std::span<const Environment> then, const Environment& now,
                          bool part_of_job);

}  // namespace twofour::app
