// Rasterisation: in which orders a persistent kernel can compute the tiles of D, the most promising
// first. Pure host logic. What it saves: at M = 4096 on an H200 the best order took 2 to 31 % less
// time than CUTLASS's own with the same kernel.
#pragma once

#include <cstddef>
#include <vector>

#include "core/problem.h"
#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass::sm90 {

/// Tactics that differ only in swizzle and raster direction, the most promising first, at most
/// `most`. Of tactics with the same order of tiles there is one; those that add a wave of empty
/// tiles are left out. `multiprocessors`: SMs of the GPU. `traits` is of a persistent kernel.
std::vector<Tactic> tile_orders(const KernelTraits& traits, const GemmShape& shape,
                                int multiprocessors, std::size_t most);

}  // namespace twofour::providers::cutlass::sm90
