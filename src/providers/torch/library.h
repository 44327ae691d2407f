// libtwofour_torch.so, loaded.
#pragma once

#include <string>

#include "providers/torch/module.h"

namespace twofour::providers::torch {

/// Where the module is looked for: $TWOFOUR_TORCH_MODULE, else beside the running program, else
/// where `cmake --install` puts libraries of an installed program.
std::string module_path();

/// Loads the module; never null. It stays loaded until the process ends, since PyTorch cannot be
/// unloaded. Throws std::runtime_error with the reason and what to do about it. (A pointer: GCC 13
/// takes a reference from a function with a temporary argument for one into that argument.)
const TwofourTorchModule* load_module(const std::string& path);

}  // namespace twofour::providers::torch
