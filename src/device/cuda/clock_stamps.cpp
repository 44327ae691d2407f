#include "device/cuda/clock_stamps.h"

#include <cstddef>
#include <span>

#include "device/cuda/error.h"
#include "device/cuda/kernels.h"

namespace twofour::device::cuda {
namespace {

// Blocks go to multiprocessors in turns, so twice as many reach each, also where some of them are
// held by another process for a moment.
constexpr std::size_t kBlocksPerMultiprocessor = 2;

}  // namespace

void ClockStamps::FreePinned::operator()(void* memory) const { ignore(cudaFreeHost(memory)); }

ClockStamps::ClockStamps(int multiprocessors) : multiprocessors_(multiprocessors) {
  void* memory = nullptr;
  // Addresses of the host are those of the GPU: every 64-bit system has unified addressing.
  check(cudaHostAlloc(&memory, 2 * blocks() * sizeof(ClockStamp), cudaHostAllocMapped),
        "allocate pinned memory for clock stamps");
  stamps_.reset(static_cast<ClockStamp*>(memory));
}

std::size_t ClockStamps::blocks() const {
  return kBlocksPerMultiprocessor * static_cast<std::size_t>(multiprocessors_);
}

void ClockStamps::stamp(std::size_t first, cudaStream_t stream) {
  stamp_clocks(stamps_.get() + first, static_cast<unsigned>(blocks()), stream);
}

void ClockStamps::begin(cudaStream_t stream) { stamp(0, stream); }

void ClockStamps::end(cudaStream_t stream) { stamp(blocks(), stream); }

std::optional<double> ClockStamps::effective_mhz() const {
  const std::span<const ClockStamp> all(stamps_.get(), 2 * blocks());
  return device::effective_mhz(all.first(blocks()), all.last(blocks()), multiprocessors_);
}

}  // namespace twofour::device::cuda
