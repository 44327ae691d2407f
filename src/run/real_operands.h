// Operands of the weights that a model's files have.
#pragma once

#include "core/problem.h"
#include "device/device.h"
#include "operands/operands.h"
#include "weights/model_weights.h"

namespace twofour::run {

/// A: the layer's activations; B: its weights, pruned where `sparsity` is 2:4 and they are not so
/// already; both quantised with scales as spec.scales says, 1 for 16-bit types. The bias is drawn.
/// Throws std::runtime_error naming file and tensor, also where a value does not fit in the type,
/// and as Memory::allocate does.
operands::Operands make_real_operands(const operands::OperandSpec& spec,
                                      const weights::ReadLayer& layer, Sparsity sparsity,
                                      device::Device& device, int threads);

}  // namespace twofour::run
