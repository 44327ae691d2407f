#include "providers/gpu_library/dense_weights.h"

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace twofour::providers {

WeightLayout dense_layout(std::string_view provider, const GemmProblem& problem) {
  const auto one =
      static_cast<std::size_t>(weight_bytes(problem.shape, problem.b, Sparsity::kDense));
  return {.key = fmt::format("{}/{}/dense{}", provider, info(problem.b).kernel_name,
                             problem.batch == 1 ? "" : "/batch"),
          .bytes = static_cast<std::size_t>(problem.batch) * one};
}

void repeat(device::Device& device, const Buffer& from, void* to, std::size_t bytes) {
  if (from.bytes() == 0 || bytes % from.bytes() != 0) {
    throw std::logic_error(fmt::format("{} bytes are no multiple of {}", bytes, from.bytes()));
  }
  auto* at = static_cast<std::byte*>(to);
  for (std::size_t done = 0; done < bytes; done += from.bytes()) {
    device.memory().copy(at + done, from.data(), from.bytes());
  }
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
