#include "job/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace twofour::job {
namespace {

constexpr const char* kModuleName = "libtwofour_mpi.so";

}  // namespace

std::string module_path() {
  if (const char* named = std::getenv("TWOFOUR_MPI_MODULE"); named != nullptr) return named;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = program.parent_path();
  const std::filesystem::path installed =
      (folder / TWOFOUR_LIBRARIES_FROM_PROGRAM / kModuleName).lexically_normal();
  const bool is_there = std::filesystem::exists(installed, error);
  return (is_there ? installed : folder / kModuleName).string();
}

const TwofourMpiModule* load_module(const std::string& path) {
  // Global: parts of MPI are loaded later, and look for the symbols of its main library.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    throw std::runtime_error(
        fmt::format("its module was not loaded: {} (built where MPI's headers are found; "
                    "TWOFOUR_MPI_MODULE can name it)",
                    dlerror()));
  }
  const auto find =
      reinterpret_cast<decltype(&twofour_mpi_module)>(dlsym(library, "twofour_mpi_module"));
  if (find == nullptr) {
    throw std::runtime_error(fmt::format("'{}' is no module of this program", path));
  }
  const TwofourMpiModule* module = find();
  if (module->interface != TWOFOUR_MPI_INTERFACE) {
    throw std::runtime_error(fmt::format("'{}' has interface {}, this program wants {}", path,
                                         module->interface, TWOFOUR_MPI_INTERFACE));
  }
  return module;
}

}  // namespace twofour::job
