// Libraries that the program loads at run time, because they bring what it must not be linked with
// or must start without: where they are, and whether they are the right ones.
#pragma once

#include <string>
#include <string_view>

namespace twofour {

/// Where a module is looked for: what the environment variable `variable` says, else `file` beside
/// the running program, else where `cmake --install` puts libraries of an installed program.
std::string module_path(const char* variable, const std::string& file);

enum class ModuleSymbols { kOwn, kGlobal };  ///< kGlobal: libraries that are loaded later see them

/// Loads the library at `path`, which then stays loaded, and returns the address of its function
/// `entry`; never null. `missing` starts the error where it cannot be loaded, `help` ends it.
/// Throws std::runtime_error with the reason and what to do about it.
void* load_module_entry(const std::string& path, const char* entry, ModuleSymbols symbols,
                        std::string_view missing, std::string_view help);

/// Throws std::runtime_error where the module at `path` has another interface than the program.
void check_module_interface(const std::string& path, int found, int wanted);

}  // namespace twofour
