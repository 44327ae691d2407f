// Not many rows: weights are read from memory once. A panel meets all rows before the next one, in
// passes of up to 48 rows whose sums stay in tile registers. With several passes the next panel is
// asked for meanwhile, and 2:4 weights are expanded again for each, into the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "providers/cpu/amx/finishing.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/product_args.h"
#include "providers/cpu/amx/sums.h"

namespace twofour::providers::cpu::amx {

/// How `m` rows are cut into passes, each at most three tiles of rows and as even as it goes.
class PassCut {
 public:
  [[gnu::always_inline]] explicit constexpr PassCut(std::int64_t m)
      : m_(m), tiles_(row_tiles(m)), passes_((tiles_ + kMostTiles - 1) / kMostTiles) {}
  [[nodiscard]] [[gnu::always_inline]] constexpr std::int64_t passes() const { return passes_; }
  [[nodiscard]] [[gnu::always_inline]] constexpr Range rows(std::int64_t pass) const {
    return {begin(pass), std::min(m_, begin(pass + 1))};
  }

 private:
  static constexpr std::int64_t kMostTiles = kMostSums / kStepTiles;
  [[nodiscard]] [[gnu::always_inline]] constexpr std::int64_t begin(std::int64_t pass) const {
    return tiles_ * pass / passes_ * kTileRows;
  }
  std::int64_t m_, tiles_, passes_;
};

/// Rows packed in blocks as PassCut has them. `Unit` is what multiplies and expands: HardwareUnit,
/// or an emulation with the same members.
template <class Unit, class Element, Sparsity kSparsity>
class Stream {
 public:
  using Sum = SumOf<Element>;

  explicit Stream(const ProductArgs& args)
      : args_(args), sums_(reinterpret_cast<Sum*>(args.scratch + kDenseBytes)) {}

  template <class Finish>
  void run(Finish& finish) {
    const PassCut cut(args_.m);
    Feed feed(args_, cut.passes());
    Pending<Finish> pending(finish, {}, 1);
    TileSums<Unit, Element, 1>::configure(args_.m);
    for (std::int64_t panel = 0; panel < args_.panel_count; ++panel) {
      for (std::int64_t pass = 0; pass < cut.passes(); ++pass) {
        const Range rows = cut.rows(pass);
        multiply(rows, feed, pending);
        pending = {finish,
                   {panel, rows.begin, rows.end - rows.begin, sums_ + rows.begin * kPanelColumns},
                   args_.k_steps};
      }
    }
    pending.finish();
    Unit::release();
  }

 private:
  static constexpr auto kTile =
      static_cast<std::int64_t>(TileLayout<Element>::tile_bytes(kSparsity));
  static constexpr std::int64_t kStep = kStepTiles * kTile;
  static constexpr int kHalves = kStepTiles * kHalvesPerTile;  // of the tiles of a step
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;
  template <class Finish>
  using Pending = Finishing<Sum, Finish>;

  /// The dense tiles of all steps in order, each panel `passes` times.
  class Feed {
   public:
    Feed(const ProductArgs& args, std::int64_t passes)
        : args_(args),
          passes_(passes),
          total_(args.panel_count * args.k_steps * passes),
          packed_(args.panels),
          asked_(packed_ + (passes == 1 ? kPrefetchBytes : panel_bytes())),
          end_(packed_ + args.panel_count * panel_bytes()) {
      stop_asking();
      if constexpr (!kExpands) return;
      for (std::int64_t i = 0; i < std::min<std::int64_t>(kExpandAhead, total_); ++i) {
        for (int half = 0; half < kHalves; ++half) make_half_ready(half);
        advance();
      }
    }

    /// The tiles of this step.
    [[gnu::always_inline]] [[nodiscard]] const std::byte* tiles() const {
      return kExpands ? ring(step_) : packed_;
    }

    /// Asks for half `half` of later tiles, and expands that of the next tiles to expand.
    [[gnu::always_inline]] void make_half_ready(int half) const {
      if (kExpands && ready_ == total_) return;
      constexpr std::int64_t kHalf = kTile / kHalvesPerTile;
      if (until_asking_ == 0) prefetch<kHalf, kIntoSecondLevel>(asked_ + half * kHalf);
      prefetch<kHalf, kIntoFirstLevel>(packed_ + half * kHalf + kNearBytes);
      if constexpr (kExpands) {
        const int tile = half / kHalvesPerTile;
        Unit::template expand_half<Element>(packed_ + tile * kTile, half % kHalvesPerTile,
                                            ring(ready_) + std::int64_t{tile} * kTileBytes);
      }
    }

    [[gnu::always_inline]] void next() {
      ++step_;
      if (!kExpands || ready_ < total_) advance();
    }

   private:
    [[nodiscard]] std::int64_t panel_bytes() const { return args_.k_steps * kStep; }

    /// Where the dense tiles of step `step` lie until step `step` + kRingSteps needs the place.
    [[nodiscard]] [[gnu::always_inline]] std::byte* ring(std::int64_t step) const {
      return args_.scratch + step % kRingSteps * (kStepTiles * kTileBytes);
    }

    /// What follows this thread's panels is not its own.
    [[gnu::always_inline]] void stop_asking() {
      if (asked_ >= end_) until_asking_ = std::numeric_limits<std::int64_t>::max();
    }

    [[gnu::always_inline]] void advance() {
      if (--until_asking_ < 0) {  // a panel is asked for once, spread over the passes of another
        until_asking_ = passes_ - 1;
        asked_ += kStep;
        stop_asking();
      }
      ++ready_;
      packed_ += kStep;
      if (++in_pass_ < args_.k_steps) return;
      in_pass_ = 0;
      if (++pass_ < passes_) {
        packed_ -= panel_bytes();
      } else {
        pass_ = 0;
      }
    }

    const ProductArgs& args_;
    std::int64_t passes_;
    std::int64_t total_;
    const std::byte* packed_;
    const std::byte* asked_;
    const std::byte* end_;
    std::int64_t ready_ = 0, step_ = 0;    // steps made ready, steps multiplied
    std::int64_t in_pass_ = 0, pass_ = 0;  // of the step that is made ready next
    std::int64_t until_asking_ = 0;
  };

  template <class Finish>
  void multiply(const Range& rows, Feed& feed, Pending<Finish>& pending) {
    switch (row_tiles(rows.end - rows.begin)) {
      case 1:
        return multiply_tiles<1>(rows, feed, pending);
      case 2:
        return multiply_tiles<2>(rows, feed, pending);
      default:
        return multiply_tiles<3>(rows, feed, pending);
    }
  }

  template <int kRowTiles, class Finish>
  void multiply_tiles(const Range& range, Feed& feed, Pending<Finish>& pending) {
    using Sums = TileSums<Unit, Element, kRowTiles>;
    const std::int64_t rows = range.end - range.begin;
    const Sums sums(rows);
    const std::byte* a = args_.a + range.begin * args_.k_steps * kTileRowBytes;
    sums.zero();
    for (std::int64_t step = 0; step < args_.k_steps; ++step) {
      // Spread over the products: requests for memory all at once would keep tile loads waiting.
      sums.add(
          a, feed.tiles(),
          kExpands ? kTileBytes : kTile, [&](int product) __attribute__((always_inline)) {
            for (int half = kHalves * product / Sums::kProducts;
                 half < kHalves * (product + 1) / Sums::kProducts; ++half) {
              feed.make_half_ready(half);
            }
          });
      feed.next();
      a += rows * kTileRowBytes;
      pending.advance();
    }
    pending.finish();
    sums.store(sums_ + range.begin * kPanelColumns);
  }

  ProductArgs args_;
  Sum* sums_;
};

}  // namespace twofour::providers::cpu::amx
