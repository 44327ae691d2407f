// D = A x B for one thread's share, on AMX tiles. Two loops share the tile code: with few rows of A
// weights stream past all of them (stream.h), with many rows both operands are blocked for the
// caches (blocks.h).
//
// AMX has no sparse instruction: a 2:4 kernel expands its weights into dense tiles while the tile
// unit multiplies earlier ones. So 2:4 wins where reading weights is the limit, and can at best tie
// where multiplication is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "providers/cpu/amx/blocks.h"
#include "providers/cpu/amx/gemm_args.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/stream.h"

namespace twofour::providers::cpu::amx {

/// How the rows of A are cut into the row blocks that pack A makes: one block for each pass where
/// weights stream, blocks of kBlockRows otherwise.
class RowBlocks {
 public:
  [[gnu::always_inline]] RowBlocks(std::int64_t m, bool streams)
      : m_(m), streams_(streams), passes_(m) {}
  [[nodiscard]] [[gnu::always_inline]] std::int64_t count() const {
    return streams_ ? passes_.count() : (m_ + kBlockRows - 1) / kBlockRows;
  }
  [[nodiscard]] [[gnu::always_inline]] Range rows(std::int64_t block) const {
    if (streams_) return passes_.rows(block);
    return {block * kBlockRows, std::min(m_, (block + 1) * kBlockRows)};
  }

 private:
  std::int64_t m_;
  bool streams_;
  RowPasses passes_;
};

/// Multiplies, and calls epilogue(panel, row, rows, accumulators) until it has seen every row of
/// every panel once; accumulators: [rows][32 columns], with all of K. `Unit` is what multiplies and
/// expands: HardwareUnit, or an emulation with the same members.
template <class Unit, class Element, Sparsity kSparsity, class Epilogue>
void gemm(const GemmArgs& args, Epilogue epilogue) {
  if (args.streams) {
    StreamedGemm<Unit, Element, kSparsity>(args).run(epilogue);
  } else {
    BlockedGemm<Unit, Element, kSparsity>(args).run(epilogue);
  }
}

}  // namespace twofour::providers::cpu::amx
