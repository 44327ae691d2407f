#include "core/module_file.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace twofour {

std::string module_path(const char* variable, const std::string& file) {
  if (const char* named = std::getenv(variable); named != nullptr) return named;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = program.parent_path();
  const std::filesystem::path installed =
      (folder / TWOFOUR_LIBRARIES_FROM_PROGRAM / file).lexically_normal();
  const bool is_there = std::filesystem::exists(installed, error);
  return (is_there ? installed : folder / file).string();
}

void* load_module_entry(const std::string& path, const char* entry, ModuleSymbols symbols,
                        std::string_view missing, std::string_view help) {
  const int scope = symbols == ModuleSymbols::kGlobal ? RTLD_GLOBAL : RTLD_LOCAL;
  void* library = dlopen(path.c_str(), RTLD_NOW | scope);
  if (library == nullptr) {
    throw std::runtime_error(std::string(missing) + ": " + dlerror() + " (" + std::string(help) +
                             ")");
  }
  void* found = dlsym(library, entry);
  if (found == nullptr) throw std::runtime_error("'" + path + "' is no module of this program");
  return found;
}

void check_module_interface(const std::string& path, int found, int wanted) {
  if (found == wanted) return;
  throw std::runtime_error("'" + path + "' has interface " + std::to_string(found) +
                           ", this program wants " + std::to_string(wanted));
}

}  // namespace twofour
