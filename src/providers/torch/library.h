// libtwofour_torch.so, loaded.
#pragma once

#include <string>

#include "providers/torch/module.h"

namespace twofour::providers::torch {

/// Where the module is looked for: $TWOFOUR_TORCH_MODULE, else beside the running program.
std::string module_path();

/// Loads the module. It stays loaded until the process ends, since PyTorch cannot be unloaded.
/// Throws std::runtime_error with the reason and what to do about it.
const TwofourTorchModule& load_module(const std::string& path);

}  // namespace twofour::providers::torch
