#include "providers/cpu/amx/rasterisation.h"

namespace twofour::providers::cpu::amx {

Rasterisation::Rasterisation(const Extent& extent) : extent_(extent) {
  constexpr std::int64_t kMinChunkBlocks = 8;  // K is cut rather than have fewer row blocks
  const std::int64_t row_blocks = pieces(extent.m, kBlockRows);
  // How many (row block, k-step) pieces of packed A the cache takes.
  const std::int64_t held =
      std::max<std::int64_t>(1, kABytesInCache / (std::int64_t{kBlockRows} * kTileRowBytes));
  const std::int64_t max_k_steps = std::min(
      extent.k_steps, std::max<std::int64_t>(1, held / std::min(row_blocks, kMinChunkBlocks)));
  k_chunks_ = pieces(extent.k_steps, max_k_steps);
  const std::int64_t max_blocks = std::clamp<std::int64_t>(
      held / pieces(extent.k_steps, k_chunks_), 1, std::min(row_blocks, kMaxChunkBlocks));
  row_chunks_ = pieces(row_blocks, max_blocks);
  const std::int64_t chunk_blocks = pieces(row_blocks, row_chunks_);
  chunk_rows_ = chunk_blocks * kBlockRows;
  if (k_chunks_ > 1) {
    group_panels_ = static_cast<std::int64_t>(kAccumulatorScratchBytes) /
                    (chunk_blocks * kBlockAccumulatorBytes);
  }
  groups_ = pieces(extent.panels, group_panels_);
  enter_k_chunk();
}

void Rasterisation::enter_k_chunk() {
  k_begin_ = cut(extent_.k_steps, k_chunk_, k_chunks_);
  k_steps_ = cut(extent_.k_steps, k_chunk_ + 1, k_chunks_) - k_begin_;
  blocks_ = pieces(k_steps_, kMaxBlockSteps);
  panel_ = group_ * group_panels_;
  block_ = 0;
}

Block Rasterisation::next() {
  if (row_chunk_ == row_chunks_) return {};
  const std::int64_t row_blocks = pieces(extent_.m, kBlockRows);
  const std::int64_t first_row = cut(row_blocks, row_chunk_, row_chunks_) * kBlockRows;
  const std::int64_t last_row =
      std::min(extent_.m, cut(row_blocks, row_chunk_ + 1, row_chunks_) * kBlockRows);
  const Block block{.index = index_++,
                    .panel = panel_,
                    .begin = k_begin_ + cut(k_steps_, block_, blocks_),
                    .end = k_begin_ + cut(k_steps_, block_ + 1, blocks_),
                    .first_row = first_row,
                    .rows = last_row - first_row};
  if (++block_ < blocks_) return block;
  block_ = 0;
  const std::int64_t group_end = std::min(extent_.panels, (group_ + 1) * group_panels_);
  if (++panel_ < group_end) return block;
  if (++k_chunk_ == k_chunks_) {
    k_chunk_ = 0;
    if (++group_ == groups_) {
      group_ = 0;
      ++row_chunk_;
    }
  }
  enter_k_chunk();
  return block;
}

}  // namespace twofour::providers::cpu::amx
