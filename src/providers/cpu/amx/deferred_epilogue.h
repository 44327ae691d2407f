// The epilogue (scales, bias, rounding to D) of finished accumulators, a few rows at a time, while
// the tile unit already multiplies later rows. It runs on vector ports that the tile unit leaves
// free.
#pragma once

#include <algorithm>
#include <cstdint>

#include "providers/cpu/amx/panel.h"

namespace twofour::providers::cpu::amx {

/// Rows that the epilogue writes between two k-steps.
inline constexpr std::int64_t kEpilogueRows = 4;

/// Accumulators of some rows of a panel that have all of K: [rows][32 columns].
template <class Accumulator>
struct FinalAccumulators {
  std::int64_t panel = 0;
  std::int64_t row = 0;
  std::int64_t rows = 0;
  const Accumulator* accumulators = nullptr;
};

/// Calls epilogue(panel, row, rows, accumulators) for kEpilogueRows rows at a time, spread evenly
/// over the next `k_steps` k-steps, which multiply later rows.
template <class Accumulator, class Epilogue>
class DeferredEpilogue {
 public:
  DeferredEpilogue(Epilogue& epilogue, const FinalAccumulators<Accumulator>& accumulators,
                   std::int64_t k_steps)
      : epilogue_(&epilogue), final_(accumulators), k_steps_(k_steps) {}

  /// Does the share of the work that belongs to one k-step.
  [[gnu::always_inline]] void advance() {
    if (done_ >= final_.rows) return;
    for (credit_ += final_.rows; credit_ >= k_steps_ * kEpilogueRows;
         credit_ -= k_steps_ * kEpilogueRows) {
      store_rows();
    }
  }
  /// Does all that is left.
  void drain() {
    while (done_ < final_.rows) store_rows();
  }

 private:
  void store_rows() {
    const std::int64_t rows = std::min(kEpilogueRows, final_.rows - done_);
    if (rows <= 0) return;
    (*epilogue_)(final_.panel, final_.row + done_, rows,
                 final_.accumulators + done_ * kPanelColumns);
    done_ += rows;
  }

  Epilogue* epilogue_;
  FinalAccumulators<Accumulator> final_;
  std::int64_t k_steps_;
  std::int64_t done_ = 0;    ///< rows written so far
  std::int64_t credit_ = 0;  ///< work that is due, in rows times k_steps_
};

}  // namespace twofour::providers::cpu::amx
