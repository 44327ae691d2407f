// Stamps of all multiprocessors around work on a stream.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <optional>

#include "device/sm_clock.h"

namespace twofour::device::cuda {

/// Two sets of stamps in host memory that the GPU writes to. Some microseconds each, in the order
/// of the stream, and 13 KiB, so that nothing of note leaves a cache.
class ClockStamps {
 public:
  /// Throws as check() does where the memory cannot be had.
  explicit ClockStamps(int multiprocessors);

  void begin(cudaStream_t stream);
  void end(cudaStream_t stream);
  /// The clock between begin() and end(), when the stream has come to that; device/sm_clock.h says
  /// when there is none.
  [[nodiscard]] std::optional<double> effective_mhz() const;

 private:
  struct FreePinned {
    void operator()(void* memory) const;
  };

  [[nodiscard]] std::size_t blocks() const;
  void stamp(std::size_t first, cudaStream_t stream);

  int multiprocessors_;
  std::unique_ptr<ClockStamp, FreePinned> stamps_;
};

}  // namespace twofour::device::cuda
