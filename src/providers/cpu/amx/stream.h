// The loop for few rows of A: weights are read from memory once and stream past all rows, panel
// after panel. A panel is multiplied in passes of up to 48 rows, whose accumulators stay in tile
// registers for all of K. Up to 32 rows a panel is read in several runs in turn (k_order.h). With
// several passes the next panel is prefetched meanwhile, and 2:4 weights are expanded once for each
// pass, into the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "providers/cpu/amx/accumulators.h"
#include "providers/cpu/amx/deferred_epilogue.h"
#include "providers/cpu/amx/gemm_args.h"
#include "providers/cpu/amx/k_order.h"
#include "providers/cpu/amx/panel.h"

namespace twofour::providers::cpu::amx {

/// How `m` rows are cut into passes: at most three tiles of 16 rows each, as even as they can be.
class RowPasses {
 public:
  [[gnu::always_inline]] explicit constexpr RowPasses(std::int64_t m)
      : m_(m), tiles_(row_tiles(m)), passes_((tiles_ + kMaxRowTiles - 1) / kMaxRowTiles) {}
  [[nodiscard]] [[gnu::always_inline]] constexpr std::int64_t count() const { return passes_; }
  [[nodiscard]] [[gnu::always_inline]] constexpr Range rows(std::int64_t pass) const {
    return {begin(pass), std::min(m_, begin(pass + 1))};
  }

 private:
  static constexpr std::int64_t kMaxRowTiles = kMaxAccumulatorTiles / kTilesPerStep;
  [[nodiscard]] [[gnu::always_inline]] constexpr std::int64_t begin(std::int64_t pass) const {
    return tiles_ * pass / passes_ * kTileRows;
  }
  std::int64_t m_, tiles_, passes_;
};

/// One thread's share, with A packed in a row block for each pass. `Unit` is what multiplies and
/// expands: HardwareUnit, or an emulation with the same members.
///
/// Scratch memory:
///   dense tiles   [kRingSteps][kTilesPerStep][1 KiB]   a ring; 2:4 only
///   accumulators  [m rows][32 columns]                 int32 or float32 with all of K, until the
///                                                      deferred epilogue has read them
template <class Unit, class Element, Sparsity kSparsity>
class StreamedGemm {
 public:
  using Accumulator = AccumulatorOf<Element>;

  explicit StreamedGemm(const GemmArgs& args)
      : args_(args), accumulators_(reinterpret_cast<Accumulator*>(args.scratch + kDenseBytes)) {}

  template <class Epilogue>
  void run(Epilogue& epilogue) {
    const RowPasses passes(args_.m);
    TileProducer producer(args_, passes.count(), runs());
    Deferred<Epilogue> deferred(epilogue, {}, 1);
    AccumulatorTiles<Unit, Element, 1>::configure(args_.m);
    for (std::int64_t panel = 0; panel < args_.panel_count; ++panel) {
      for (std::int64_t pass = 0; pass < passes.count(); ++pass) {
        const Range rows = passes.rows(pass);
        multiply(rows, producer, deferred);
        deferred = {
            epilogue,
            {panel, rows.begin, rows.end - rows.begin, accumulators_ + rows.begin * kPanelColumns},
            args_.k_steps};
      }
    }
    deferred.drain();
    Unit::release();
  }

 private:
  /// Packed bytes of a tile and of a k-step.
  static constexpr auto kTile =
      static_cast<std::int64_t>(TileLayout<Element>::tile_bytes(kSparsity));
  static constexpr std::int64_t kStep = kTilesPerStep * kTile;
  static constexpr int kHalves = kTilesPerStep * kHalvesPerTile;  ///< half tiles of a k-step
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;
  /// Most tiles of rows with several runs. Measured: three tiles gain nothing.
  static constexpr std::int64_t kMaxRunRowTiles = 2;
  template <class Epilogue>
  using Deferred = DeferredEpilogue<Accumulator, Epilogue>;

  /// Runs in which the k-steps of a panel are taken.
  [[nodiscard]] std::int64_t runs() const {
    const bool worth =
        row_tiles(args_.m) <= kMaxRunRowTiles && args_.k_steps >= kRuns * kMinRunSteps;
    return worth ? kRuns : 1;
  }

  /// Produces the dense tiles that the products consume: those of all k-steps of a panel in the
  /// order of KCursor, `passes` times, then those of the next panel. 2:4 tiles are expanded
  /// kExpandAhead k-steps before they are consumed; dense tiles are consumed where they lie in
  /// packed memory. Both are prefetched further ahead: with several runs as far as the next k-step
  /// of the same run, or the first one in the next panel, and otherwise at kPrefetchBytes or, with
  /// several passes, all of the next panel.
  class TileProducer {
   public:
    TileProducer(const GemmArgs& args, std::int64_t passes, std::int64_t runs)
        : args_(args),
          passes_(passes),
          in_runs_(runs > 1),
          total_(args.panel_count * args.k_steps * passes),
          cursor_(args.k_steps, runs),
          panel_(args.panels),
          packed_(args.panels),
          far_cursor_(args.k_steps, passes == 1 ? 1 : kRuns),
          far_panel_(packed_ + (passes == 1 ? kPrefetchBytes : panel_bytes())),
          far_(far_panel_),
          end_(packed_ + args.panel_count * panel_bytes()) {
      stop_prefetching();
      aim_near();
      if constexpr (!kExpands) return;
      for (std::int64_t i = 0; i < std::min<std::int64_t>(kExpandAhead, total_); ++i) {
        for (int half = 0; half < kHalves; ++half) produce_half(half);
        advance();
      }
    }

    /// The dense tiles of the k-step to consume, [kTilesPerStep][1 KiB] or as packed.
    [[gnu::always_inline]] [[nodiscard]] const std::byte* tiles() const {
      return kExpands ? ring(step_) : packed_;
    }

    /// Half tile `half` of a k-step's kHalves: prefetches it for a later k-step, and expands it for
    /// the k-step that is kExpandAhead away.
    [[gnu::always_inline]] void produce_half(int half) const {
      if (kExpands && produced_ == total_) return;
      constexpr std::int64_t kHalf = kTile / kHalvesPerTile;
      if (until_prefetch_ == 0) prefetch<kHalf, kIntoSecondLevel>(far_ + half * kHalf);
      if (passes_ == 1) {
        const std::int64_t at = half * kHalf;
        prefetch<kHalf, kIntoFirstLevel>(at + kRunAheadBytes < kStep ? near_ + at
                                                                     : near_next_ + at);
      }
      if constexpr (kExpands) {
        const int tile = half / kHalvesPerTile;
        Unit::template expand_half<Element>(packed_ + tile * kTile, half % kHalvesPerTile,
                                            ring(produced_) + std::int64_t{tile} * kTileBytes);
      }
    }

    /// The k-step is consumed and all halves of the later one are produced.
    [[gnu::always_inline]] void next() {
      ++step_;
      if (!kExpands || produced_ < total_) advance();
    }

   private:
    /// With several runs lines are prefetched so far ahead in each. Measured for dense weights:
    /// half a k-step, where a whole one gains half as much; for 2:4 from half a k-step to two.
    static constexpr std::int64_t kRunAheadBytes = kExpands ? kStep : kStep / 2;

    [[nodiscard]] std::int64_t panel_bytes() const { return args_.k_steps * kStep; }

    /// Place of the dense tiles of k-step `step`; that of k-step `step` + kRingSteps is the same.
    [[nodiscard]] [[gnu::always_inline]] std::byte* ring(std::int64_t step) const {
      return args_.scratch + step % kRingSteps * (kTilesPerStep * kTileBytes);
    }

    /// Nothing is prefetched behind the last panel of this thread: that is another thread's. With
    /// several runs only what is near is prefetched.
    [[gnu::always_inline]] void stop_prefetching() {
      if (in_runs_ || far_ >= end_) {
        until_prefetch_ = std::numeric_limits<std::int64_t>::max();
      }
    }

    /// Finds what to prefetch into the first-level cache beside the k-step to produce next.
    [[gnu::always_inline]] void aim_near() {
      if (!in_runs_) {
        near_ = near_next_ = packed_ + kPrefetchNearBytes;
        return;
      }
      near_ = near_next_ = packed_ + kRunAheadBytes;
      // Behind its last k-step a run goes on in the next panel.
      if (cursor_.ends_run() && panel_ + panel_bytes() < end_) {
        near_next_ += panel_bytes() - cursor_.run_steps() * kStep;
      }
    }

    [[gnu::always_inline]] void advance() {
      // The next panel is prefetched once while this one is consumed `passes_` times: one k-step of
      // it for every `passes_` k-steps.
      if (--until_prefetch_ < 0) {
        until_prefetch_ = passes_ - 1;
        if (far_cursor_.next()) far_panel_ += panel_bytes();
        far_ = far_panel_ + far_cursor_.step() * kStep;
        stop_prefetching();
      }
      ++produced_;
      if (cursor_.next() && ++pass_ == passes_) {
        pass_ = 0;
        panel_ += panel_bytes();
      }
      packed_ = panel_ + cursor_.step() * kStep;
      aim_near();
    }

    const GemmArgs& args_;
    std::int64_t passes_;
    bool in_runs_;                     ///< several of them
    std::int64_t total_;               ///< k-steps to produce, each panel's passes_ times
    KCursor cursor_;                   ///< position in its panel of the k-step to produce next
    const std::byte* panel_;           ///< that panel
    const std::byte* packed_;          ///< packed tiles of the k-step to produce next
    const std::byte* near_ = nullptr;  ///< what to prefetch into the first-level cache, where
    const std::byte* near_next_ =
        nullptr;                  ///< that is in the same k-step, and where in a later one
    KCursor far_cursor_;          ///< what to prefetch next into the second-level cache:
    const std::byte* far_panel_;  ///< position in these bytes of the size of a panel,
    const std::byte* far_;        ///< and place
    const std::byte* end_;        ///< of this thread's panels
    std::int64_t produced_ = 0, step_ = 0;  ///< k-steps produced, k-steps consumed
    std::int64_t pass_ = 0;                 ///< of the k-step to produce next
    std::int64_t until_prefetch_ = 0;       ///< k-steps until the next prefetch; 0: now
  };

  template <class Epilogue>
  void multiply(const Range& rows, TileProducer& producer, Deferred<Epilogue>& deferred) {
    switch (row_tiles(rows.end - rows.begin)) {
      case 1:
        return multiply_tiles<1>(rows, producer, deferred);
      case 2:
        return multiply_tiles<2>(rows, producer, deferred);
      default:
        return multiply_tiles<3>(rows, producer, deferred);
    }
  }

  /// One pass: rows `range` times all k-steps of the panel.
  template <int kRowTiles, class Epilogue>
  void multiply_tiles(const Range& range, TileProducer& producer, Deferred<Epilogue>& deferred) {
    using Registers = AccumulatorTiles<Unit, Element, kRowTiles>;
    const std::int64_t rows = range.end - range.begin;
    const Registers registers(rows);
    const std::byte* a =  // [k-steps][rows][64 bytes]
        args_.a + range.begin * args_.k_steps * kTileRowBytes;
    KCursor cursor(args_.k_steps, runs());
    registers.zero();
    for (std::int64_t done = 0; done < args_.k_steps; ++done) {
      // Producing goes between the products half tile by half tile: prefetches issued all at once
      // would keep tile loads waiting.
      registers.add(
          a + cursor.step() * rows * kTileRowBytes, producer.tiles(),
          kExpands ? kTileBytes : kTile, [&](int product) __attribute__((always_inline)) {
            for (int half = kHalves * product / Registers::kProducts;
                 half < kHalves * (product + 1) / Registers::kProducts; ++half) {
              producer.produce_half(half);
            }
          });
      producer.next();
      cursor.next();
      deferred.advance();
    }
    deferred.drain();
    registers.store(accumulators_ + range.begin * kPanelColumns);
  }

  GemmArgs args_;
  Accumulator* accumulators_;
};

}  // namespace twofour::providers::cpu::amx
