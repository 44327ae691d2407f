// Kernels that measure or wait.
#include <cuda_runtime.h>

#include <algorithm>

#include "device/cuda/error.h"
#include "device/cuda/kernels.h"

namespace twofour::device::cuda {
namespace {

constexpr int kThreads = 512;
constexpr int kUnroll = 8;

__device__ std::uint64_t nanoseconds_now() {
  std::uint64_t now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

__global__ void spin_kernel(std::int64_t nanoseconds) {
  const std::uint64_t start = nanoseconds_now();
  while (static_cast<std::int64_t>(nanoseconds_now() - start) < nanoseconds) {
  }
}

/// Cycles that a thread waits for the timer to move: more than 30 microseconds at 2 GHz.
constexpr long long kLongestWait = 1 << 16;

__device__ std::uint32_t multiprocessor() {
  std::uint32_t number;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(number));
  return number;
}

__global__ void stamp_kernel(ClockStamp* stamps) {
  const std::uint64_t first_ns = nanoseconds_now();
  const long long first_cycles = clock64();
  std::uint64_t now_ns;
  long long now_cycles;
  do {
    now_ns = nanoseconds_now();
    now_cycles = clock64();
  } while (now_ns == first_ns && now_cycles - first_cycles < kLongestWait);
  stamps[blockIdx.x] = {.nanoseconds = now_ns,
                        .cycles = static_cast<std::uint64_t>(now_cycles),
                        .multiprocessor = multiprocessor(),
                        .moved = now_ns != first_ns ? 1U : 0U};
}

/// Each block reads consecutive stretches of kUnroll x kThreads vectors, all loads of a stretch in
/// flight before the first use.
__global__ void __launch_bounds__(kThreads)
    read_kernel(const uint4* data, std::size_t vectors, std::uint32_t* sink) {
  constexpr std::size_t kStretch = std::size_t{kThreads} * kUnroll;
  std::uint32_t mixed = 0;
  for (std::size_t base = blockIdx.x * kStretch; base < vectors; base += gridDim.x * kStretch) {
    uint4 loaded[kUnroll];
#pragma unroll
    for (int i = 0; i < kUnroll; ++i) {
      const std::size_t index = base + std::size_t(i) * kThreads + threadIdx.x;
      loaded[i] = index < vectors ? __ldcs(data + index) : uint4{};
    }
#pragma unroll
    for (int i = 0; i < kUnroll; ++i) {
      mixed ^= loaded[i].x ^ loaded[i].y ^ loaded[i].z ^ loaded[i].w;
    }
  }
  if (mixed == 0x9E3779B9u) *sink = mixed;
}

}  // namespace

void spin(std::int64_t nanoseconds, cudaStream_t stream) {
  spin_kernel<<<1, 1, 0, stream>>>(nanoseconds);
  check(cudaGetLastError(), "launch the waiting kernel");
}

void stamp_clocks(ClockStamp* stamps, unsigned blocks, cudaStream_t stream) {
  stamp_kernel<<<blocks, 1, 0, stream>>>(stamps);
  check(cudaGetLastError(), "launch the kernel that stamps clocks");
}

void read_all(const void* data, std::size_t bytes, std::uint32_t* sink, cudaStream_t stream) {
  const std::size_t vectors = bytes / sizeof(uint4);
  const std::size_t stretch = std::size_t{kThreads} * kUnroll;
  // Enough blocks for every SM several times over; each then loops.
  const auto blocks =
      static_cast<unsigned>(std::clamp<std::size_t>((vectors + stretch - 1) / stretch, 1, 4096));
  read_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<const uint4*>(data), vectors, sink);
  check(cudaGetLastError(), "launch the reading kernel");
}

}  // namespace twofour::device::cuda
