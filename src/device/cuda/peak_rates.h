// Arithmetic peaks of tensor cores, from published figures.
#pragma once

#include <optional>

#include "core/data_type.h"

namespace twofour::device::cuda {

/// Dense multiply-adds that one SM completes in a clock on operands of `type` with 32-bit
/// accumulation; nothing where the architecture has no such instruction or its rate is not known
/// here. 2:4 instructions complete twice as many dense-equivalent ones.
std::optional<int> multiply_adds_per_clock(int compute_capability, DataType type);

}  // namespace twofour::device::cuda
