// What the host hands to a decode kernel.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

/// What is constant in a launch.
struct DecodeParams {
  DecodeArguments io;  ///< `a` comes as a CUtensorMap beside this
  int chunks;          ///< of K
  int row_tiles;       ///< of N
  int tiles;           ///< of a cluster
  int groups;
  int depth;
  SharedLayout shared;
  Overlap overlap;
};

/// The kernel for m tokens, to be launched with (CUtensorMap, DecodeParams). Defined in
/// decode_i8.cu and decode_fp8.cu.
const void* kernel_i8(Sparsity sparsity, std::int64_t m);
const void* kernel_fp8(Sparsity sparsity, std::int64_t m);

}  // namespace twofour::providers::cuda::sm90
