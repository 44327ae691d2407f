// Records when a CTA enters each phase, for benchmarks that show where a launch spends its time.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/phases.h"

namespace twofour::providers::cuda::sm90 {

/// Writes %globaltimer, in ns, when the first thread of a CTA reaches put(phase), to memory
/// [CTA][phase]; does nothing if `memory` is null.
class Stamps {
 public:
  __device__ explicit Stamps(std::uint64_t* memory) : memory_(memory) {}

  __device__ __forceinline__ void put(Phase phase) const {
    if (memory_ == nullptr || threadIdx.x != 0) return;
    std::uint64_t now;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now)::"memory");
    memory_[static_cast<std::size_t>(blockIdx.x) * kPhases + static_cast<std::size_t>(phase)] = now;
  }

 private:
  std::uint64_t* memory_;
};

}  // namespace twofour::providers::cuda::sm90
