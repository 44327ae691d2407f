#include "providers/torch/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace twofour::providers::torch {
namespace {

constexpr const char* kModuleName = "libtwofour_torch.so";

}  // namespace

std::string module_path() {
  if (const char* named = std::getenv("TWOFOUR_TORCH_MODULE"); named != nullptr) return named;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = program.parent_path();
  const std::filesystem::path installed =
      (folder / TWOFOUR_LIBRARIES_FROM_PROGRAM / kModuleName).lexically_normal();
  const bool is_there = std::filesystem::exists(installed, error);
  return (is_there ? installed : folder / kModuleName).string();
}

const TwofourTorchModule* load_module(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw std::runtime_error(
        fmt::format("PyTorch's module was not loaded: {} (built where the CMake option "
                    "TWOFOUR_TORCH_DIR names a PyTorch; TWOFOUR_TORCH_MODULE can name it)",
                    dlerror()));
  }
  const auto find =
      reinterpret_cast<decltype(&twofour_torch_module)>(dlsym(library, "twofour_torch_module"));
  if (find == nullptr) {
    throw std::runtime_error(fmt::format("'{}' is no module of this program", path));
  }
  const TwofourTorchModule* module = find();
  if (module->interface != TWOFOUR_TORCH_INTERFACE) {
    throw std::runtime_error(fmt::format("'{}' has interface {}, this program wants {}", path,
                                         module->interface, TWOFOUR_TORCH_INTERFACE));
  }
  return module;
}

}  // namespace twofour::providers::torch
