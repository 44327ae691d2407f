#include "providers/gpu_library/dense_weights.h"

#include <cstddef>
#include <utility>

#include "device/cuda/cuda_stream.h"

namespace twofour::providers {

std::shared_ptr<DenseWeights> copy_dense_weights(const PrepareArgs& args, const std::string& key) {
  auto weights =
      args.shared.get<DenseWeights>(key, [] { return std::make_shared<DenseWeights>(); });
  const Buffer& b = args.operands.b;
  while (weights->copies.size() < static_cast<std::size_t>(args.copies)) {
    Buffer copy = args.device.memory().allocate(b.bytes());
    device::copy_on_gpu(args.device, copy.data(), b.data(), b.bytes());
    weights->copies.push_back(std::move(copy));
  }
  return weights;
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
