// The order in which one thread multiplies many rows: blocks of a panel's k-steps times chunks of
// rows, so that the activations in use stay in the second-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/panel.h"

namespace twofour::providers::cpu::amx {

inline constexpr int kMaxBlockSteps = 64;
/// Activations that stay in the second-level cache, next to sums and blocks of weights.
inline constexpr std::int64_t kActivationBytes = std::int64_t{5} << 18;
inline constexpr std::size_t kSumsBytes = std::size_t{512} << 10;
inline constexpr std::int64_t kSumSize = 4;  ///< bytes of an int32 or float32
/// Bytes of the sums of a panel's 32 columns for a block of rows.
inline constexpr std::int64_t kBlockSumsBytes = std::int64_t{kBlockRows} * kPanelColumns * kSumSize;
inline constexpr std::int64_t kMaxChunkBlocks = 32;
static_assert(kMaxChunkBlocks * kBlockSumsBytes <= static_cast<std::int64_t>(kSumsBytes));

/// k-steps [begin, end) of a panel times rows [first_row, first_row + rows).
struct Block {
  std::int64_t index = 0;  ///< in the order of the walk
  std::int64_t panel = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t first_row = 0;
  std::int64_t rows = 0;
  [[nodiscard]] [[gnu::always_inline]] std::int64_t steps() const { return end - begin; }
};

struct Extent {
  std::int64_t m = 0;
  std::int64_t panels = 0;
  std::int64_t k_steps = 0;
};

/// Rows are cut into chunks, panels into groups, k-steps into chunks, and these into blocks, each
/// cut as even as it goes. A chunk of rows times a chunk of k-steps is at most kActivationBytes
/// (while a row block is); all panels of a group meet it before the next chunk of k-steps. Where
/// all k-steps are one chunk a group is one panel. From outermost: rows, groups, k-steps, panels,
/// blocks.
class Walk {
 public:
  explicit Walk(const Extent& extent);

  /// The next block; one without steps at the end.
  Block next();

  [[nodiscard]] [[gnu::always_inline]] std::int64_t group_panels() const { return group_panels_; }
  /// Of the largest chunk of rows.
  [[nodiscard]] [[gnu::always_inline]] std::int64_t chunk_rows() const { return chunk_rows_; }

 private:
  /// Piece `i` of `pieces` of [0, count) begins here.
  static std::int64_t cut(std::int64_t count, std::int64_t i, std::int64_t pieces) {
    return count * i / pieces;
  }
  static std::int64_t pieces(std::int64_t count, std::int64_t largest) {
    return (count + largest - 1) / largest;
  }
  void enter_k_chunk();

  Extent extent_;
  std::int64_t row_chunks_ = 1, groups_ = 1, k_chunks_ = 1, blocks_ = 1;
  std::int64_t group_panels_ = 1, chunk_rows_ = 0;
  std::int64_t row_chunk_ = 0, group_ = 0, k_chunk_ = 0, panel_ = 0, block_ = 0;
  std::int64_t index_ = 0;
  std::int64_t k_begin_ = 0, k_steps_ = 0;  // of the chunk in hand
};

}  // namespace twofour::providers::cpu::amx
