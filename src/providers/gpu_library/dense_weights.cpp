#include "providers/gpu_library/dense_weights.h"

#include <fmt/format.h>

#include <cstddef>
#include <vector>

namespace twofour::providers {

WeightLayout dense_layout(std::string_view provider, const GemmProblem& problem) {
  const GemmShape& shape = problem.shape;
  return {.key = fmt::format("{}/{}/dense", provider, info(problem.b).kernel_name),
          .bytes = static_cast<std::size_t>(weight_bytes(shape, problem.b, Sparsity::kDense))};
}

void copy_dense_weights(const PackTask& task) {
  task.device.memory().copy(task.packed, task.weights.data(), task.weights.bytes());
}

float first_scale(device::Device& device, const Buffer& scales) {
  float value = 0;
  device.memory().copy_to_host(&value, scales.data(), sizeof(value));
  return value;
}

const void* as_scale_vector(device::Device& device, const Buffer& scales, std::int64_t count,
                            Buffer& storage) {
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  if (scales.bytes() == bytes) return scales.data();
  const std::vector<float> repeated(static_cast<std::size_t>(count), first_scale(device, scales));
  storage = device.memory().allocate(bytes);
  device.memory().copy_from_host(storage.data(), repeated.data(), bytes);
  return storage.data();
}

}  // namespace twofour::providers
