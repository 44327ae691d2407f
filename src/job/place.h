// Which of several processes of a job this one is, as the launcher tells it by the environment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace twofour::job {

enum class Launcher : std::uint8_t {
  kNone,   ///< this process is alone
  kMpi,    ///< mpirun, mpiexec, or srun with PMI: the process can join by MPI
  kSlurm,  ///< srun without: each process knows its rank and nothing of the others
};

struct Place {
  Launcher launcher = Launcher::kNone;
  int rank = 0;                   ///< from 0
  int ranks = 1;                  ///< of the job; 0: not known
  std::optional<int> local_rank;  ///< among those on this host; nothing: not known
};

/// The text of an environment variable; nothing: it is not set.
using Variable = std::function<std::optional<std::string>(const char* name)>;

/// MPI where PMIX_RANK, PMI_RANK or OMPI_COMM_WORLD_SIZE is set. Slurm where SLURM_STEP_NUM_TASKS
/// is above 1: a script in an allocation has other variables of Slurm, and is no rank. A job of one
/// process is none. A pure function of what `variable` gives.
Place recognise(const Variable& variable);

/// The variables of this process.
std::optional<std::string> environment_variable(const char* name);

}  // namespace twofour::job
