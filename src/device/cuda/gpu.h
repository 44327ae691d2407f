// One GPU as CUDA knows it: what the parts of its device share.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <optional>

#include "core/device_id.h"

namespace twofour::device::cuda {

/// A GPU and the one stream on which all work is ordered.
///
/// The CUDA runtime keeps a current GPU for each thread: memory, streams and events are made on
/// that one. The constructor is the only place that sets it, for the thread that makes the device,
/// and that thread alone uses it. A thread of its own for each of several GPUs makes its device
/// itself.
class Gpu {
 public:
  /// Throws std::runtime_error with the reason where there is no driver, no such GPU, or it cannot
  /// be used.
  explicit Gpu(int ordinal);
  ~Gpu();
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  [[nodiscard]] const DeviceId& id() const { return id_; }
  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  /// Times ten: 90 for Hopper.
  [[nodiscard]] int compute_capability() const { return compute_capability_; }
  [[nodiscard]] int multiprocessors() const { return multiprocessors_; }
  [[nodiscard]] std::size_t memory_bytes() const { return memory_bytes_; }
  /// Highest SM clock; nothing where the driver does not tell.
  [[nodiscard]] std::optional<double> clock_hz() const { return clock_hz_; }

 private:
  DeviceId id_;
  cudaStream_t stream_ = nullptr;
  int compute_capability_ = 0;
  int multiprocessors_ = 0;
  std::size_t memory_bytes_ = 0;
  std::optional<double> clock_hz_;
};

/// An attribute of GPU `ordinal`.
int attribute(cudaDeviceAttr which, int ordinal);

}  // namespace twofour::device::cuda
