// Finding and loading libtwofour_mpi.so.
#pragma once

#include <string>

#include "job/module.h"

namespace twofour::job {

/// TWOFOUR_MPI_MODULE, or the library beside the program, or where an installed one is.
std::string module_path();

/// Throws std::runtime_error with the reason when it cannot be loaded, or is another one.
const TwofourMpiModule* load_module(const std::string& path);

}  // namespace twofour::job
