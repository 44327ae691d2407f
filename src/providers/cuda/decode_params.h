// What the host hands to a decode kernel.
#pragma once

#include <cstdint>

#include "providers/cuda/decode.h"

namespace twofour::providers::cuda {

/// What is constant in a launch.
struct DecodeParams {
  const std::uint8_t* weights;
  void* d;
  const float* scale_a;
  const float* scale_b;
  const void* bias;
  std::uint64_t* stamps;
  int m;
  int n;
  int chunks;     ///< of K
  int row_tiles;  ///< of N
  int tiles;      ///< of a cluster
  int groups;
  int depth;
  SharedLayout shared;
  bool scale_a_per_token;
  bool scale_b_per_channel;
  bool fp16_output;
  Overlap overlap;
};

/// The kernel for m tokens, to be launched with (CUtensorMap, DecodeParams). Defined in
/// decode_i8.cu and decode_fp8.cu.
const void* kernel_i8(Sparsity sparsity, std::int64_t m);
const void* kernel_fp8(Sparsity sparsity, std::int64_t m);

}  // namespace twofour::providers::cuda
