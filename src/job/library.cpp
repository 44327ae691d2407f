#include "job/library.h"

#include "core/module_file.h"

namespace twofour::job {

std::string module_path() {
  return twofour::module_path("TWOFOUR_MPI_MODULE", "libtwofour_mpi.so");
}

const TwofourMpiModule* load_module(const std::string& path) {
  // Global: parts of MPI are loaded later, and look for the symbols of its main library.
  void* entry = load_module_entry(
      path, "twofour_mpi_module", ModuleSymbols::kGlobal, "its module was not loaded",
      "built where MPI's headers are found; TWOFOUR_MPI_MODULE can name it");
  const TwofourMpiModule* module = reinterpret_cast<decltype(&twofour_mpi_module)>(entry)();
  check_module_interface(path, module->interface, TWOFOUR_MPI_INTERFACE);
  return module;
}

}  // namespace twofour::job
