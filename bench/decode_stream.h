// Reading weights and doing nothing with them: the floor under every decode kernel.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace twofour::bench {

enum class Stream : std::uint8_t {
  kRegisters,       ///< 16-byte loads
  kBulk,            ///< bulk copies to shared memory
  kBulkOverlapped,  ///< the same, launched while the previous kernel runs
};

/// Reads `bytes` (a multiple of 16) once, evenly spread over the GPU's SMs. `sink` is written only
/// for one improbable pattern of data.
void read_stream(Stream how, const void* data, std::size_t bytes, std::uint32_t* sink,
                 int multiprocessors, cudaStream_t stream);

/// A kernel that does nothing, with or without overlap.
void empty_kernel(bool overlapped, int multiprocessors, cudaStream_t stream);

}  // namespace twofour::bench
