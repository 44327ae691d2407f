// What the providers of dense GPU libraries prepare alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/buffer.h"
#include "providers/provider.h"

namespace twofour::providers {

/// Weights as the operands have them, [N][K], for a library that reads nothing else; of a batch one
/// behind another.
WeightLayout dense_layout(std::string_view provider, const GemmProblem& problem);
/// Packs those: a copy. Does not wait.
void copy_dense_weights(const PackTask& task);

/// Fills `bytes` bytes from `to` on with `from`, over and over. Throws std::logic_error where that
/// does not come out even. Does not wait.
void repeat(device::Device& device, const Buffer& from, void* to, std::size_t bytes);

/// The one number of `scales`, or the first of several; waits for the GPU.
float first_scale(device::Device& device, const Buffer& scales);

/// `scales` as a vector of `count` in the GPU's memory. A lone scale is repeated into `storage`,
/// for libraries that want a vector of both operands' scales or of none.
const void* as_scale_vector(device::Device& device, const Buffer& scales, std::int64_t count,
                            Buffer& storage);

}  // namespace twofour::providers
