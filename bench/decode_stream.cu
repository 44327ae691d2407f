#include "decode_stream.h"

#include <algorithm>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/ptx.cuh"

namespace twofour::bench {
namespace {

using namespace twofour::providers::cuda::sm90;

constexpr int kThreads = 1024;
constexpr int kUnroll = 8;
constexpr std::uint32_t kPiece = 8192;
constexpr int kMaxSlots = 26;   // 208 KB
constexpr int kHalfSlots = 13;  // leaves room for the next kernel

__global__ void __launch_bounds__(kThreads)
    registers_kernel(const uint4* data, std::size_t vectors, std::uint32_t* sink) {
  // A contiguous part for each block, so that each SM reads the same amount.
  const std::size_t begin = vectors * blockIdx.x / gridDim.x;
  const std::size_t end = vectors * (blockIdx.x + 1) / gridDim.x;
  std::uint32_t mixed = 0;
  for (std::size_t base = begin; base < end; base += std::size_t{kThreads} * kUnroll) {
    uint4 loaded[kUnroll];
#pragma unroll
    for (int i = 0; i < kUnroll; ++i) {
      const std::size_t index = base + std::size_t(i) * kThreads + threadIdx.x;
      loaded[i] = index < end ? __ldcs(data + index) : uint4{};
    }
#pragma unroll
    for (int i = 0; i < kUnroll; ++i) {
      mixed ^= loaded[i].x ^ loaded[i].y ^ loaded[i].z ^ loaded[i].w;
    }
  }
  if (mixed == 0x9E3779B9u) *sink = mixed;
}

/// One thread; the data only arrives.
__global__ void bulk_kernel(const std::uint8_t* data, std::size_t bytes, int slots,
                            bool overlapped) {
  extern __shared__ __align__(1024) unsigned char shared[];
  if (overlapped) launch_dependents();
  if (threadIdx.x != 0) return;
  const std::uint32_t base = shared_address(shared);
  const std::uint32_t ring = base + 1024;
  for (int slot = 0; slot < slots; ++slot) barrier_init(base + 8 * slot, 1);
  fence_barrier_init();
  const std::uint64_t policy = evict_first_policy();
  const std::size_t begin = bytes / 16 * blockIdx.x / gridDim.x * 16;
  const std::size_t end = bytes / 16 * (blockIdx.x + 1) / gridDim.x * 16;
  const int pieces = static_cast<int>((end - begin + kPiece - 1) / kPiece);
  const auto ask = [&](int piece) {
    const std::size_t at = begin + std::size_t(piece) * kPiece;
    const auto size = static_cast<std::uint32_t>(min(std::size_t{kPiece}, end - at));
    const std::uint32_t barrier = base + 8 * (piece % slots);
    barrier_expect(barrier, size);
    bulk_copy(ring + piece % slots * kPiece, data + at, size, barrier, policy);
  };
  for (int piece = 0; piece < min(pieces, slots); ++piece) ask(piece);
  for (int piece = 0; piece < pieces; ++piece) {
    barrier_wait(base + 8 * (piece % slots), static_cast<std::uint32_t>(piece / slots) & 1u);
    if (piece + slots < pieces) ask(piece + slots);
  }
  if (overlapped) wait_for_previous_kernel();
}

__global__ void nothing_kernel(bool overlapped) {
  if (overlapped) {
    launch_dependents();
    wait_for_previous_kernel();
  }
}

/// A launch on `blocks` blocks, overlapped with the kernel before or not.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), int blocks, int threads, std::size_t shared_bytes,
            bool overlapped, cudaStream_t stream, Arguments... arguments) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(blocks));
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = overlapped ? 1 : 0;
  device::cuda::check(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...),
                      "launch a kernel that reads");
}

}  // namespace

void read_stream(Stream how, const void* data, std::size_t bytes, std::uint32_t* sink,
                 int multiprocessors, cudaStream_t stream) {
  if (how == Stream::kRegisters) {
    launch(registers_kernel, multiprocessors, kThreads, 0, false, stream,
           static_cast<const uint4*>(data), bytes / sizeof(uint4), sink);
    return;
  }
  const bool overlapped = how == Stream::kBulkOverlapped;
  const int slots = overlapped ? kHalfSlots : kMaxSlots;
  const std::size_t shared = 1024 + static_cast<std::size_t>(slots) * kPiece;
  constexpr int kMaxShared = 1024 + kMaxSlots * static_cast<int>(kPiece);
  device::cuda::check(
      cudaFuncSetAttribute(bulk_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMaxShared),
      "give the reading kernel its shared memory");
  device::cuda::check(
      cudaFuncSetAttribute(bulk_kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                           cudaSharedmemCarveoutMaxShared),
      "prefer shared memory for the reading kernel");
  launch(bulk_kernel, multiprocessors, 32, shared, overlapped, stream,
         static_cast<const std::uint8_t*>(data), bytes, slots, overlapped);
}

void empty_kernel(bool overlapped, int multiprocessors, cudaStream_t stream) {
  launch(nothing_kernel, multiprocessors, 32, 0, overlapped, stream, overlapped);
}

}  // namespace twofour::bench
