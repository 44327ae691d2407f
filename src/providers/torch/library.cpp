#include "providers/torch/library.h"

#include "core/module_file.h"

namespace twofour::providers::torch {

std::string module_path() {
  return twofour::module_path("TWOFOUR_TORCH_MODULE", "libtwofour_torch.so");
}

const TwofourTorchModule* load_module(const std::string& path) {
  void* entry = load_module_entry(
      path, "twofour_torch_module", ModuleSymbols::kOwn, "PyTorch's module was not loaded",
      "built where the CMake option TWOFOUR_TORCH_DIR names a PyTorch; TWOFOUR_TORCH_MODULE can "
      "name it");
  const TwofourTorchModule* module = reinterpret_cast<decltype(&twofour_torch_module)>(entry)();
  check_module_interface(path, module->interface, TWOFOUR_TORCH_INTERFACE);
  return module;
}

}  // namespace twofour::providers::torch
