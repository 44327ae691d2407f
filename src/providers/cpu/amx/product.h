// Activations times packed panels on AMX tiles. AMX has no sparse instruction: a 2:4 kernel expands
// its weights into dense tiles while the tile unit multiplies earlier ones, so it wins where weight
// bytes decide and can at best tie where multiplication does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "providers/cpu/amx/finishing.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/product_args.h"
#include "providers/cpu/amx/walk.h"

namespace twofour::providers::cpu::amx {

/// `Unit` is what multiplies and expands: HardwareUnit, or an emulation with the same members.
template <class Unit, class Element, Sparsity kSparsity>
class Product {
 public:
  using Layout = TileLayout<Element>;
  using Sum = std::conditional_t<sizeof(Element) == 1, std::int32_t, float>;
  static_assert(sizeof(Sum) == kSumSize);
  static constexpr auto kPackedBytes = static_cast<std::int64_t>(Layout::tile_bytes(kSparsity));
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;

  explicit Product(const ProductArgs& args)
      : args_(args), sums_(reinterpret_cast<Sum*>(args.scratch + kDenseBytes)) {}

  /// Calls finish(panel, row, rows, sums) once for each panel and some of its rows when their sums
  /// are complete: sums is [rows][32].
  template <class Finish>
  void run(Finish finish) {
    if (args_.m <= kTileRows) {
      stream<1>(finish);
    } else if (args_.m <= 2 * kTileRows) {
      stream<2>(finish);
    } else if (makes_passes()) {
      run_passes(finish);
    } else {
      run_blocks(finish);
    }
    Unit::release();
    configured_rows_ = 0;
  }

 private:
  // Tile registers. Of the sums: row tile r, run c has number r * runs + c. The last row tile of A,
  // which may have fewer rows, has a register of its own.
  static constexpr int kA0 = 4, kA1 = 5;
  template <int kRuns>
  static constexpr int kALast = kRuns == 2 ? kA1 : 6;
  template <int kRuns>
  static constexpr int kB0 = kRuns == 2 ? 6 : 7;
  static constexpr int kB1 = 7;

  template <int kRowTiles, int kRuns, int kRow>
  static constexpr int a_register() {
    if constexpr (kRowTiles == 1) return kA0;
    if constexpr (kRow == kRowTiles - 1) return kALast<kRuns>;
    return kRow % 2 == 0 ? kA0 : kA1;
  }

  template <int kRowTiles, int kRuns>
  void configure(std::int64_t rows) {
    if (rows == configured_rows_) return;
    configured_rows_ = rows;
    TileConfig config;
    const auto set = [&](int tile, std::int64_t tile_rows) {
      config.rows[static_cast<std::size_t>(tile)] = static_cast<std::uint8_t>(tile_rows);
      config.row_bytes[static_cast<std::size_t>(tile)] = kTileRowBytes;
    };
    for (int tile = 0; tile < 8; ++tile) set(tile, kTileRows);
    const std::int64_t last_rows = rows - (kRowTiles - 1) * kTileRows;
    for (int run = 0; run < kRuns; ++run) set((kRowTiles - 1) * kRuns + run, last_rows);
    set(a_register<kRowTiles, kRuns, kRowTiles - 1>(), last_rows);
    Unit::configure(config);
  }

  /// Calls body(row tile, run) with both as compile-time constants.
  template <int kRowTiles, int kRuns, class Body>
  [[gnu::always_inline]] static void for_sums(Body&& body) {
    [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
      (body(std::integral_constant<int, i / kRuns>{}, std::integral_constant<int, i % kRuns>{}),
       ...);
    }
    (std::make_integer_sequence<int, kRowTiles * kRuns>{});
  }

  template <int kRowTiles, int kRuns>
  [[gnu::always_inline]] static void zero_sums() {
    for_sums<kRowTiles, kRuns>([](auto row, auto run) __attribute__((always_inline)) {
      Unit::template zero<row * kRuns + run>();
    });
  }

  /// `sums` is [rows][32], of which the tiles of the registers begin at column 0.
  template <int kRowTiles, int kRuns>
  [[gnu::always_inline]] static void load_sums(const Sum* sums) {
    for_sums<kRowTiles, kRuns>([&](auto row, auto run) __attribute__((always_inline)) {
      Unit::template load<row * kRuns + run>(
          sums + row * kTileRows * kPanelColumns + run * kTileColumns, kPanelColumns * sizeof(Sum));
    });
  }

  template <int kRowTiles, int kRuns>
  [[gnu::always_inline]] static void store_sums(Sum* sums) {
    for_sums<kRowTiles, kRuns>([&](auto row, auto run) __attribute__((always_inline)) {
      Unit::template store<row * kRuns + run>(
          sums + row * kTileRows * kPanelColumns + run * kTileColumns, kPanelColumns * sizeof(Sum));
    });
  }

  /// Sums += one k-step of the rows at `a` (and, from the third row tile on, `a_more`) times the
  /// dense tiles at `b`, `between` bytes apart.
  template <int kRowTiles, int kRuns>
  [[gnu::always_inline]] static void multiply(const std::byte* a, const std::byte* a_more,
                                              const std::byte* b, std::int64_t between) {
    Unit::template load<kB0<kRuns>>(b, kTileRowBytes);
    for_sums<kRowTiles, kRuns>([&](auto row, auto run) __attribute__((always_inline)) {
      constexpr int kRow = decltype(row)::value;
      constexpr int kRun = decltype(run)::value;
      constexpr int kA = a_register<kRowTiles, kRuns, kRow>();
      if constexpr (kRun == 0) {
        Unit::template load<kA>((kRow < 2 ? a : a_more) + kRow % 2 * kTileBytes, kTileRowBytes);
      }
      if constexpr (kRow == 0 && kRun == 1) Unit::template load<kB1>(b + between, kTileRowBytes);
      Unit::template multiply_add<kRow * kRuns + kRun, kA, kRun == 0 ? kB0<kRuns> : kB1>(Element{});
    });
  }

  /// Asks for half `half` of a packed tile.
  template <int kLevel>
  static void prefetch_half(const std::byte* packed, int half) {
    constexpr std::int64_t kShare = kPackedBytes / kHalvesPerTile;
    for (std::int64_t byte = 0; byte < kShare; byte += 64) {
      __builtin_prefetch(packed + half * kShare + byte, 0, kLevel);
    }
  }

  template <class Finish>
  using Pending = Finishing<Sum, Finish>;

  // --- Up to 32 rows: sums stay in tiles, both runs of a panel stream.

  /// Where streamed tiles lie: those of two runs side by side.
  class Cursor {
   public:
    Cursor(const std::byte* panels, std::int64_t k_steps)
        : at_(panels), left_(k_steps), k_steps_(k_steps) {}
    [[nodiscard]] const std::byte* tile() const { return at_; }
    [[nodiscard]] std::int64_t between() const { return k_steps_ * kPackedBytes; }
    void next() {
      at_ += kPackedBytes;
      if (--left_ == 0) {
        at_ += between();
        left_ = k_steps_;
      }
    }

   private:
    const std::byte* at_;
    std::int64_t left_;
    std::int64_t k_steps_;
  };

  static void prefetch_step(const Cursor& at) {
    constexpr int kLevel = kExpands ? kIntoFirstLevel : kIntoSecondLevel;
    for (int run = 0; run < kRunsPerPanel; ++run) {
      for (int half = 0; half < kHalvesPerTile; ++half) {
        prefetch_half<kLevel>(at.tile() + run * at.between(), half);
      }
    }
  }

  static void expand_step(const Cursor& at, std::byte* dense) {
    for (int run = 0; run < kRunsPerPanel; ++run) {
      for (int half = 0; half < kHalvesPerTile; ++half) {
        Unit::template expand_half<Element>(at.tile() + run * at.between(), half,
                                            dense + std::int64_t{run} * kTileBytes);
      }
    }
  }

  /// Where the dense tiles of step `step` lie until step `step` + kRingSteps needs the place.
  [[nodiscard]] std::byte* ring(std::int64_t step) const {
    return args_.scratch + step % kRingSteps * (kRunsPerPanel * kTileBytes);
  }

  template <int kRowTiles, class Finish>
  void stream(Finish& finish) {
    configure<kRowTiles, 2>(args_.m);
    const std::int64_t total = args_.panel_count * args_.k_steps;
    Cursor packed(args_.panels, args_.k_steps);
    Cursor asked = packed;
    for (std::int64_t i = 0; i < kPrefetchBytes / (kRunsPerPanel * kPackedBytes); ++i) asked.next();
    std::int64_t ready = 0;  // steps expanded
    const auto make_ready = [&] {
      prefetch_step(asked);
      asked.next();
      if constexpr (kExpands) expand_step(packed, ring(ready));
      packed.next();
      ++ready;
    };
    if constexpr (kExpands) {
      while (ready < std::min<std::int64_t>(kExpandAhead, total)) make_ready();
    }
    std::int64_t step = 0;
    Pending<Finish> pending(finish, {}, 1);
    for (std::int64_t panel = 0; panel < args_.panel_count; ++panel) {
      const std::byte* a = args_.a;
      zero_sums<kRowTiles, 2>();
      for (const std::int64_t end = step + args_.k_steps; step < end; ++step) {
        if constexpr (kExpands) {
          if (ready < total) make_ready();
          multiply<kRowTiles, 2>(a, nullptr, ring(step), kTileBytes);
        } else {
          const std::byte* b = packed.tile();
          make_ready();
          multiply<kRowTiles, 2>(a, nullptr, b, packed.between());
        }
        a += args_.m * kTileRowBytes;
        pending.advance();
      }
      pending.finish();
      store_sums<kRowTiles, 2>(sums_);
      pending = {finish, {panel, 0, args_.m, sums_}, args_.k_steps};
    }
    pending.finish();
  }

  // --- Some more rows: passes of up to 64 rows over each run, their sums in tiles. A 2:4 tile is
  // expanded again for each pass, into the first-level cache.

  /// The activations, which each run meets again, must stay in the second-level cache. A second
  /// pass pays for 2:4 tiles only, by where they are expanded to.
  [[nodiscard]] bool makes_passes() const {
    constexpr std::int64_t kMostRows = kExpands ? kMostPassRows : kPassRows;
    return args_.m <= kMostRows && args_.m * args_.k_steps * kTileRowBytes <= kActivationBytes;
  }

  /// The dense tiles of all runs in order, each run `passes` times.
  class Feed {
   public:
    Feed(const Product& product, std::int64_t passes)
        : product_(product),
          passes_(passes),
          total_(product.args_.panel_count * kRunsPerPanel * product.args_.k_steps * passes),
          packed_(product.args_.panels),
          asked_(packed_ + (passes == 1 ? kPrefetchBytes : run_bytes())) {
      if constexpr (kExpands) {
        while (ready_ < std::min<std::int64_t>(kExpandAhead, total_)) make_ready();
      }
    }

    [[gnu::always_inline]] const std::byte* next() {
      if constexpr (kExpands) {
        if (ready_ < total_) make_ready();
        return product_.ring(step_++);
      } else {
        const std::byte* tile = packed_;
        make_ready();
        return tile;
      }
    }

   private:
    [[nodiscard]] std::int64_t run_bytes() const { return product_.args_.k_steps * kPackedBytes; }

    [[gnu::always_inline]] void make_ready() {
      if (--until_asking_ < 0) {  // a run later is asked for once, spread over the passes of this
        until_asking_ = passes_ - 1;
        for (int half = 0; half < kHalvesPerTile; ++half) {
          prefetch_half<kIntoSecondLevel>(asked_, half);
        }
        asked_ += kPackedBytes;
      }
      if constexpr (kExpands) {
        for (int half = 0; half < kHalvesPerTile; ++half) {
          Unit::template expand_half<Element>(packed_, half, product_.ring(ready_));
        }
      }
      packed_ += kPackedBytes;
      ++ready_;
      if (++in_run_ < product_.args_.k_steps) return;
      in_run_ = 0;
      if (++pass_ < passes_) {
        packed_ -= run_bytes();
      } else {
        pass_ = 0;
      }
    }

    const Product& product_;
    std::int64_t passes_;
    std::int64_t total_;
    const std::byte* packed_;
    const std::byte* asked_;
    std::int64_t ready_ = 0, step_ = 0;   // tiles made ready, tiles given
    std::int64_t in_run_ = 0, pass_ = 0;  // of the tile that is made ready next
    std::int64_t until_asking_ = 0;
  };

  /// Rows [row, row + rows) times one run of a panel.
  struct Pass {
    std::int64_t row = 0;
    std::int64_t rows = 0;
    int run = 0;
  };

  template <int kRowTiles, class Finish>
  void multiply_pass(const Pass& pass, Feed& feed, Pending<Finish>& pending) {
    configure<kRowTiles, 1>(pass.rows);
    const std::int64_t first_rows = std::min<std::int64_t>(pass.rows, kBlockRows);
    const std::int64_t more_rows = pass.rows - first_rows;
    const std::byte* a = args_.a + pass.row * args_.k_steps * kTileRowBytes;
    const std::byte* a_more = a + first_rows * args_.k_steps * kTileRowBytes;
    zero_sums<kRowTiles, 1>();
    for (std::int64_t step = 0; step < args_.k_steps; ++step) {
      multiply<kRowTiles, 1>(a, a_more, feed.next(), 0);
      a += first_rows * kTileRowBytes;
      a_more += more_rows * kTileRowBytes;
      pending.advance();
    }
    pending.finish();
    store_sums<kRowTiles, 1>(sums_ + pass.row * kPanelColumns + pass.run * kTileColumns);
  }

  template <class Finish>
  void multiply_pass(const Pass& pass, Feed& feed, Pending<Finish>& pending) {
    switch ((pass.rows + kTileRows - 1) / kTileRows) {
      case 1:
        return multiply_pass<1>(pass, feed, pending);
      case 2:
        return multiply_pass<2>(pass, feed, pending);
      case 3:
        return multiply_pass<3>(pass, feed, pending);
      default:
        return multiply_pass<4>(pass, feed, pending);
    }
  }

  template <class Finish>
  void run_passes(Finish& finish) {
    Pending<Finish> pending(finish, {}, 1);
    Feed feed(*this, (args_.m + kPassRows - 1) / kPassRows);
    for (std::int64_t panel = 0; panel < args_.panel_count; ++panel) {
      for (int run = 0; run < kRunsPerPanel; ++run) {
        for (std::int64_t row = 0; row < args_.m; row += kPassRows) {
          const Pass pass{row, std::min(kPassRows, args_.m - row), run};
          multiply_pass(pass, feed, pending);
          if (run + 1 < kRunsPerPanel) continue;
          pending = {finish, {panel, row, pass.rows, sums_ + row * kPanelColumns}, args_.k_steps};
        }
      }
    }
    pending.finish();
  }

  // --- More rows: blocks of k-steps; while one is multiplied, the next is made ready.

  [[nodiscard]] const std::byte* packed_tile(const Block& block, std::int64_t step, int run) const {
    return args_.panels +
           ((block.panel * kRunsPerPanel + run) * args_.k_steps + step) * kPackedBytes;
  }
  /// The dense tiles of block `index`'s step `step` of its own, both runs.
  [[nodiscard]] std::byte* dense_step(std::int64_t index, std::int64_t step) const {
    return args_.scratch + (index % 2 * kMaxBlockSteps + step) * (kRunsPerPanel * kTileBytes);
  }

  /// Making block `next` ready and asking memory for block `later`, half tile by half tile, spread
  /// over the multiplications of another.
  class Preparation {
   public:
    Preparation(const Product& product, const Block& next, const Block& later,
                std::int64_t row_blocks)
        : product_(product),
          next_(next),
          later_(later),
          row_blocks_(row_blocks),
          end_(kHalvesOfStep * std::max(next.steps(), later.steps())) {}

    /// Does the share that falls to one multiplication.
    [[gnu::always_inline]] void advance() {
      for (credit_ += kHalvesOfStep; credit_ >= row_blocks_; credit_ -= row_blocks_) one();
    }
    void finish() {
      while (done_ < end_) one();
    }

   private:
    static constexpr std::int64_t kHalvesOfStep = kRunsPerPanel * kHalvesPerTile;

    [[gnu::always_inline]] void one() {
      if (done_ == end_) return;
      const std::int64_t step = done_ / kHalvesOfStep;
      const int run = static_cast<int>(done_ / kHalvesPerTile % kRunsPerPanel);
      const int half = static_cast<int>(done_ % kHalvesPerTile);
      ++done_;
      if (step < later_.steps()) {
        prefetch_half<kIntoSecondLevel>(product_.packed_tile(later_, later_.begin + step, run),
                                        half);
      }
      if constexpr (kExpands) {
        if (step >= next_.steps()) return;
        Unit::template expand_half<Element>(
            product_.packed_tile(next_, next_.begin + step, run), half,
            product_.dense_step(next_.index, step) + std::int64_t{run} * kTileBytes);
      }
    }

    const Product& product_;
    const Block& next_;
    const Block& later_;
    std::int64_t row_blocks_;
    std::int64_t end_;
    std::int64_t done_ = 0;
    std::int64_t credit_ = 0;
  };

  template <class Finish>
  void run_blocks(Finish& finish) {
    Walk walk({.m = args_.m, .panels = args_.panel_count, .k_steps = args_.k_steps});
    group_panels_ = walk.group_panels();
    chunk_rows_ = walk.chunk_rows();
    Block next = walk.next();
    Block later = walk.next();
    Preparation(*this, next, kExpands ? later : next, 1).finish();
    Pending<Finish> pending(finish, {}, 1);
    while (next.steps() > 0) {
      const Block block = next;
      next = later;
      later = walk.next();
      Preparation preparation(*this, next, kExpands ? later : next,
                              (block.rows + kBlockRows - 1) / kBlockRows);
      for (std::int64_t row = 0; row < block.rows; row += kBlockRows) {
        const std::int64_t rows = std::min<std::int64_t>(kBlockRows, block.rows - row);
        if (rows > kTileRows) {
          multiply_rows<2>(block, row, rows, preparation, pending, finish);
        } else {
          multiply_rows<1>(block, row, rows, preparation, pending, finish);
        }
      }
      preparation.finish();
    }
    pending.finish();
  }

  template <int kRowTiles, class Finish>
  void multiply_rows(const Block& block, std::int64_t row, std::int64_t rows,
                     Preparation& preparation, Pending<Finish>& pending, Finish& finish) {
    configure<kRowTiles, 2>(rows);
    Sum* sums = sums_ + (block.panel % group_panels_ * chunk_rows_ + row) * kPanelColumns;
    if (block.begin == 0) {
      zero_sums<kRowTiles, 2>();
    } else {
      load_sums<kRowTiles, 2>(sums);
    }
    const std::int64_t a_row = block.first_row + row;
    const std::byte* a = args_.a + (a_row * args_.k_steps + block.begin * rows) * kTileRowBytes;
    for (std::int64_t step = 0; step < block.steps(); ++step, a += rows * kTileRowBytes) {
      if constexpr (kExpands) {
        multiply<kRowTiles, 2>(a, nullptr, dense_step(block.index, step), kTileBytes);
      } else {
        multiply<kRowTiles, 2>(a, nullptr, packed_tile(block, block.begin + step, 0),
                               args_.k_steps * kPackedBytes);
      }
      preparation.advance();
      pending.advance();
    }
    pending.finish();
    store_sums<kRowTiles, 2>(sums);
    if (block.end == args_.k_steps) {
      pending = {finish, {block.panel, a_row, rows, sums}, block.steps()};
    }
  }

  ProductArgs args_;
  Sum* sums_;
  std::int64_t configured_rows_ = 0;
  std::int64_t group_panels_ = 1;
  std::int64_t chunk_rows_ = 0;
};

}  // namespace twofour::providers::cpu::amx
