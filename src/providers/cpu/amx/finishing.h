// Complete sums become D a few rows at a time, while the tile unit multiplies later rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "providers/cpu/amx/panel.h"

namespace twofour::providers::cpu::amx {

/// Rows whose sums become D between two steps.
inline constexpr std::int64_t kFinishRows = 4;

/// Complete sums of some rows of a panel, [rows][32].
template <class Sum>
struct Complete {
  std::int64_t panel = 0;
  std::int64_t row = 0;
  std::int64_t rows = 0;
  const Sum* sums = nullptr;
};

/// Hands complete sums over to finish(panel, row, rows, sums), spread over `calls` multiplications
/// of later rows.
template <class Sum, class Finish>
class Finishing {
 public:
  Finishing(Finish& finish, const Complete<Sum>& complete, std::int64_t calls)
      : finish_(&finish), complete_(complete), calls_(calls) {}

  /// Does the share that falls to one multiplication.
  [[gnu::always_inline]] void advance() {
    if (done_ >= complete_.rows) return;
    for (credit_ += complete_.rows; credit_ >= calls_ * kFinishRows;
         credit_ -= calls_ * kFinishRows) {
      one();
    }
  }
  void finish() {
    while (done_ < complete_.rows) one();
  }

 private:
  void one() {
    const std::int64_t rows = std::min(kFinishRows, complete_.rows - done_);
    if (rows <= 0) return;
    (*finish_)(complete_.panel, complete_.row + done_, rows,
               complete_.sums + done_ * kPanelColumns);
    done_ += rows;
  }

  Finish* finish_;
  Complete<Sum> complete_;
  std::int64_t calls_;
  std::int64_t done_ = 0;
  std::int64_t credit_ = 0;
};

}  // namespace twofour::providers::cpu::amx
