// The order in which one thread multiplies many rows (blocks.h): blocks of k-steps of a panel times
// chunks of rows, chosen so that the part of A in use stays in the second-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/panel.h"

namespace twofour::providers::cpu::amx {

/// Most k-steps of a block: 64 x 2 dense tiles are 128 KiB.
inline constexpr int kMaxBlockSteps = 64;
/// Most bytes of packed A in use at a time. With the accumulators and two blocks of weights they
/// fill a second-level cache of 2 MiB.
inline constexpr std::int64_t kABytesInCache = std::int64_t{5} << 18;
/// Scratch memory for the accumulators of a chunk of rows times a group of panels.
inline constexpr std::size_t kAccumulatorScratchBytes = std::size_t{512} << 10;
inline constexpr std::int64_t kAccumulatorSize = 4;  ///< bytes of an int32 or float32
/// Bytes of the accumulators of a row block times the 32 columns of a panel.
inline constexpr std::int64_t kBlockAccumulatorBytes =
    std::int64_t{kBlockRows} * kPanelColumns * kAccumulatorSize;
inline constexpr std::int64_t kMaxChunkBlocks = 32;  ///< row blocks of a chunk of rows
static_assert(kMaxChunkBlocks * kBlockAccumulatorBytes <=
              static_cast<std::int64_t>(kAccumulatorScratchBytes));

/// One block: k-steps [begin, end) of a panel times rows [first_row, first_row + rows) of A.
struct Block {
  std::int64_t index = 0;  ///< number of blocks before this one
  std::int64_t panel = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t first_row = 0;
  std::int64_t rows = 0;
  [[nodiscard]] [[gnu::always_inline]] std::int64_t steps() const { return end - begin; }
};

/// What is to be multiplied, by one thread.
struct Extent {
  std::int64_t m = 0;
  std::int64_t panels = 0;
  std::int64_t k_steps = 0;
};

/// The loop nest, from outermost to innermost:
///
///   for each chunk of rows
///     for each group of panels
///       for each chunk of k-steps        chunk of rows x chunk of k-steps of A <= kABytesInCache
///         for each panel of the group
///           for each block of k-steps    next() returns this block with the chunk of rows
///
/// Chunks and blocks are as even as they can be. A group exists only so that a chunk of A serves
/// several panels before the next chunk of k-steps takes its place; its accumulators wait in
/// kAccumulatorScratchBytes. Where all of K is one chunk, a group is one panel. A single row block
/// may exceed kABytesInCache.
class Rasterisation {
 public:
  explicit Rasterisation(const Extent& extent);

  /// The next block; after the last one, a block with no k-steps.
  Block next();

  [[nodiscard]] [[gnu::always_inline]] std::int64_t group_panels() const { return group_panels_; }
  /// Rows of the largest chunk of rows.
  [[nodiscard]] [[gnu::always_inline]] std::int64_t chunk_rows() const { return chunk_rows_; }

 private:
  /// Where piece `i` of `pieces` even pieces of [0, count) begins.
  static std::int64_t cut(std::int64_t count, std::int64_t i, std::int64_t pieces) {
    return count * i / pieces;
  }
  /// Pieces of at most `largest` into which `count` is cut.
  static std::int64_t pieces(std::int64_t count, std::int64_t largest) {
    return (count + largest - 1) / largest;
  }
  void enter_k_chunk();

  Extent extent_;
  // Sizes of the loops, then their counters.
  std::int64_t row_chunks_ = 1, groups_ = 1, k_chunks_ = 1, blocks_ = 1;
  std::int64_t group_panels_ = 1, chunk_rows_ = 0;
  std::int64_t row_chunk_ = 0, group_ = 0, k_chunk_ = 0, panel_ = 0, block_ = 0;
  std::int64_t index_ = 0;
  std::int64_t k_begin_ = 0, k_steps_ = 0;  ///< of the current chunk of k-steps
};

}  // namespace twofour::providers::cpu::amx
