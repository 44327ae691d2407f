// Which processes share a GPU with this run, from the list that the driver gives and what the
// system says of each; without a GPU, so that it can be tested with made-up tables.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace twofour::device {

/// What the system says of a process.
struct ProcessFacts {
  unsigned parent = 0;
  std::string program;  ///< its short name
  std::string job;      ///< of MPI or Slurm: what its ranks have in common; empty: it is no rank
};

/// Nothing where no such process can be seen.
using ProcessLookup = std::function<std::optional<ProcessFacts>(unsigned pid)>;

/// From /proc.
std::optional<ProcessFacts> process_facts(unsigned pid);

struct Neighbours {
  /// Processes of others that hold a compute context; nothing: not known.
  std::optional<double> foreign;
  /// Processes that the driver lists by numbers of another namespace, as it does for a container:
  /// whose they are cannot be told. Nothing where it gives no list.
  std::optional<double> hidden;
};

/// `listed`: the processes that hold a compute context, by the driver; nothing where it gives no
/// list. Not foreign are this process (`own`), those that started it and are the same program, all
/// that these started, and the ranks of the same job. Where `own` is not listed, the numbers are
/// those of another namespace, and `own` is one of the hidden ones that does not count.
Neighbours neighbours(std::optional<std::span<const unsigned>> listed, unsigned own,
                      const ProcessLookup& lookup);

/// What others do on a device.
struct ForeignWork {
  std::string words;      ///< as the end of a sentence; empty: nothing that matters
  bool disturbs = false;  ///< and not only: nobody can tell
};

/// `busy`: share of a second in which kernels ran although this process launched none, from 0 to 1;
/// nothing where it cannot be read.
ForeignWork foreign_work(const Neighbours& neighbours, std::optional<double> busy);

}  // namespace twofour::device
