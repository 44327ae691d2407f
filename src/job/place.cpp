#include "job/place.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace twofour::job {
namespace {

/// The first of `names` that holds a whole number of at least `least`.
std::optional<int> first_number(const Variable& variable, std::initializer_list<const char*> names,
                                int least) {
  for (const char* name : names) {
    const std::optional<std::string> text = variable(name);
    if (!text) continue;
    int value = 0;
    const char* const end = text->data() + text->size();
    const auto [read, error] = std::from_chars(text->data(), end, value);
    if (error == std::errc{} && read == end && value >= least) return value;
  }
  return std::nullopt;
}

}  // namespace

Place recognise(const Variable& variable) {
  const auto is_set = [&](const char* name) { return variable(name).has_value(); };
  const auto slurm_tasks = first_number(variable, {"SLURM_STEP_NUM_TASKS"}, 1);
  const auto slurm_rank = first_number(variable, {"SLURM_PROCID"}, 0);
  Place place;
  // What mpirun says of its own processes comes first: it may run inside a step of Slurm.
  if (is_set("PMIX_RANK") || is_set("PMI_RANK") || is_set("OMPI_COMM_WORLD_SIZE")) {
    place.launcher = Launcher::kMpi;
    place.ranks = first_number(variable, {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}, 1)
                      .value_or(slurm_tasks.value_or(0));
    place.rank =
        first_number(variable, {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"}, 0).value_or(0);
    place.local_rank = first_number(
        variable, {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"}, 0);
  } else if (slurm_tasks && slurm_rank) {
    place = {Launcher::kSlurm, *slurm_rank, *slurm_tasks,
             first_number(variable, {"SLURM_LOCALID"}, 0)};
  }
  return place.ranks == 1 ? Place{} : place;
}

std::optional<std::string> environment_variable(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace twofour::job
