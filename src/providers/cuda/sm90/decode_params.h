// The parameters that the host passes to a decode kernel.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

/// Constant for all CTAs of a launch.
struct DecodeParams {
  DecodeArguments io;  ///< without `a`, which is passed as a CUtensorMap
  int chunks;          ///< chunks of K
  int row_tiles;       ///< tiles of 64 rows of W
  int tiles;           ///< row tiles of a cluster
  int groups;
  int depth;             ///< of the ring of weights
  int activation_depth;  ///< of the ring of activations
  SharedLayout shared;
  Overlap overlap;
};

/// The kernel for M = m and `warpgroups` = tiles * groups, to be launched with (CUtensorMap,
/// DecodeParams). Each is defined in a file of its type, decode_i8.cu and so on.
const void* kernel_i8(Sparsity sparsity, std::int64_t m, int warpgroups);
const void* kernel_fp8(Sparsity sparsity, std::int64_t m, int warpgroups);
const void* kernel_bf16(Sparsity sparsity, std::int64_t m, int warpgroups);
const void* kernel_fp16(Sparsity sparsity, std::int64_t m, int warpgroups);

}  // namespace twofour::providers::cuda::sm90
