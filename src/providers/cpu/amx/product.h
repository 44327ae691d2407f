// Activations times packed panels on AMX tiles. AMX has no sparse instruction: a 2:4 kernel expands
// its weights into dense tiles while the tile unit multiplies earlier ones, so it wins where weight
// bytes decide and can at best tie where multiplication does.
#pragma once

#include <algorithm>
#include <cstdint>

#include "providers/cpu/amx/blocks.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/product_args.h"
#include "providers/cpu/amx/stream.h"

namespace twofour::providers::cpu::amx {

/// Blocks of packed rows of a launch with `m` rows: Stream's passes, or kBlockRows each.
class RowBlocks {
 public:
  [[gnu::always_inline]] RowBlocks(std::int64_t m, bool streams)
      : m_(m), streams_(streams), cut_(m) {}
  [[nodiscard]] [[gnu::always_inline]] std::int64_t count() const {
    return streams_ ? cut_.passes() : (m_ + kBlockRows - 1) / kBlockRows;
  }
  [[nodiscard]] [[gnu::always_inline]] Range rows(std::int64_t block) const {
    if (streams_) return cut_.rows(block);
    return {block * kBlockRows, std::min(m_, (block + 1) * kBlockRows)};
  }

 private:
  std::int64_t m_;
  bool streams_;
  PassCut cut_;
};

/// Calls finish(panel, row, rows, sums) once for each panel and some of its rows when their sums
/// are complete: sums is [rows][32]. `Unit` is what multiplies and expands: HardwareUnit, or an
/// emulation with the same members.
template <class Unit, class Element, Sparsity kSparsity, class Finish>
void multiply(const ProductArgs& args, Finish finish) {
  if (args.streams) {
    Stream<Unit, Element, kSparsity>(args).run(finish);
  } else {
    Blocks<Unit, Element, kSparsity>(args).run(finish);
  }
}

}  // namespace twofour::providers::cpu::amx
