// What the providers of dense GPU libraries prepare alike.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "providers/provider.h"

namespace twofour::providers {

/// The weights as the operands have them, [N][K].
struct DenseWeights {
  std::vector<Buffer> copies;
};

/// At least args.copies copies, shared under `key` by the kernels of a case. Does not wait.
std::shared_ptr<DenseWeights> copy_dense_weights(const PrepareArgs& args, const std::string& key);

/// The one number of `scales`, or the first of several; waits for the GPU.
float first_scale(device::Device& device, const Buffer& scales);

/// `scales` as a vector of `count` in the GPU's memory. A lone scale is repeated into `storage`,
/// for libraries that want a vector of both operands' scales or of none.
const void* as_scale_vector(device::Device& device, const Buffer& scales, std::int64_t count,
                            Buffer& storage);

}  // namespace twofour::providers
