// The order in which memory is read: several runs of consecutive pieces in turn.
//
// Hardware prefetchers follow an ascending sequence of lines within a page of 4 KiB and start again
// in the next one. One sequence alone waits for memory each time; several sequences in different
// pages keep it busy. Sums do not depend on the order of K in int8; in bfloat16 each order rounds
// sums in float32 its own way, all within the same bound.
#pragma once

#include <cstdint>

namespace twofour::providers::cpu::amx {

/// Runs that are read in turn. Measured: two give half of the gain, eight and sixteen not more.
inline constexpr std::int64_t kRuns = 4;

/// Fewest k-steps of a run that is worth its start.
inline constexpr std::int64_t kMinRunSteps = 4;

/// Goes through the k-steps of a panel again and again: step 0 of each run, step 1 of each run, and
/// so on, then the steps that are left where the runs do not take all. One run is ascending order.
class KCursor {
 public:
  [[gnu::always_inline]] KCursor(std::int64_t k_steps, std::int64_t runs)
      : k_steps_(k_steps), run_steps_(k_steps / runs), in_runs_(run_steps_ * runs) {}

  /// The k-step to take now.
  [[nodiscard]] [[gnu::always_inline]] std::int64_t step() const { return step_; }
  /// k-steps of a run.
  [[nodiscard]] [[gnu::always_inline]] std::int64_t run_steps() const { return run_steps_; }
  /// Whether the k-step is the last one of its run.
  [[nodiscard]] [[gnu::always_inline]] bool ends_run() const { return round_ == run_steps_ - 1; }

  /// Goes to the next k-step; returns whether that is the first one again.
  [[gnu::always_inline]] bool next() {
    step_ += run_steps_;
    if (step_ < in_runs_) return false;
    ++round_;
    step_ = round_ < run_steps_ ? round_ : in_runs_ + round_ - run_steps_;
    if (step_ < k_steps_) return false;
    step_ = 0;
    round_ = 0;
    return true;
  }

 private:
  std::int64_t k_steps_, run_steps_, in_runs_;
  std::int64_t step_ = 0;
  std::int64_t round_ = 0;  ///< steps of each run that were taken, then also of those left
};

/// Piece `i` of `count` in the same order.
[[nodiscard]] [[gnu::always_inline]] constexpr std::int64_t piece_in_runs(std::int64_t i,
                                                                          std::int64_t count) {
  const std::int64_t run = count / kRuns;
  return i < run * kRuns ? i % kRuns * run + i / kRuns : i;
}

}  // namespace twofour::providers::cpu::amx
