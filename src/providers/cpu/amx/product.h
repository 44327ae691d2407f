// Activations times packed panels on AMX tiles. AMX has no sparse instruction: a 2:4 kernel expands
// its weights into dense tiles while the tile unit multiplies earlier ones, so it wins where weight
// bytes decide and can at best tie where multiplication does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/walk.h"

namespace twofour::providers::cpu::amx {

/// Up to so many rows all sums of 16 columns fit into tile registers, and weights stream past.
inline constexpr int kStreamRows = 4 * kTileRows;

/// How far ahead of the reading position streamed weights are asked for.
inline constexpr std::int64_t kPrefetchBytes = 8192;
/// Steps between expanding a tile and loading it: a tile load must not wait for a store in flight.
inline constexpr int kExpandAhead = 2;
inline constexpr int kRingSteps = 2 * kExpandAhead;

/// Rows whose sums become D between two steps, while the tile unit works on later rows.
inline constexpr std::int64_t kFinishRows = 4;

/// Bytes of dense tiles that one thread expands: two blocks, or the ring.
inline constexpr std::size_t kDenseBytes =
    std::size_t{2} * kMaxBlockSteps * kRunsPerPanel * kTileBytes;
static_assert(kRingSteps <= 2 * kMaxBlockSteps);

/// Bytes of 64-byte aligned scratch memory that one thread needs: dense tiles, then sums.
inline constexpr std::size_t kScratchBytes = kDenseBytes + kSumsBytes;

/// What one thread multiplies: `panel_count` consecutive packed panels with all rows of A.
struct ProductArgs {
  const std::byte* panels = nullptr;
  std::int64_t panel_count = 0;
  std::int64_t k_steps = 0;      ///< of a panel
  const std::byte* a = nullptr;  ///< m rows as pack_rows makes them
  std::int64_t m = 0;
  std::byte* scratch = nullptr;  ///< kScratchBytes, 64-byte aligned
};

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
      stream<1, 2>(finish);
    } else if (args_.m <= 2 * kTileRows) {
      stream<2, 2>(finish);
    } else if (args_.m <= 3 * kTileRows) {
      stream<3, 1>(finish);
    } else if (args_.m <= kStreamRows) {
      stream<4, 1>(finish);
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

  /// Asks for half `half` of a packed tile, into the second-level cache.
  static void prefetch_half(const std::byte* packed, int half) {
    constexpr std::int64_t kShare = kPackedBytes / kHalvesPerTile;
    for (std::int64_t byte = 0; byte < kShare; byte += 64) {
      __builtin_prefetch(packed + half * kShare + byte, 0, 2);
    }
  }

  /// Complete sums of some rows of a panel, [rows][32].
  struct Complete {
    std::int64_t panel = 0;
    std::int64_t row = 0;
    std::int64_t rows = 0;
    const Sum* sums = nullptr;
  };

  /// Handing complete sums over, a few rows at a time, spread over `calls` multiplications of later
  /// rows.
  template <class Finish>
  class Finishing {
   public:
    Finishing(Finish& finish, const Complete& complete, std::int64_t calls)
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
    Complete complete_;
    std::int64_t calls_;
    std::int64_t done_ = 0;
    std::int64_t credit_ = 0;
  };

  // --- Up to 64 rows: sums stay in tiles, weights stream.

  /// Where streamed tiles lie: those of one run after the other, or of both runs side by side.
  template <int kRuns>
  class Cursor {
   public:
    Cursor(const std::byte* panels, std::int64_t k_steps)
        : at_(panels), left_(k_steps), k_steps_(k_steps) {}
    [[nodiscard]] const std::byte* tile() const { return at_; }
    [[nodiscard]] std::int64_t between() const { return k_steps_ * kPackedBytes; }
    void next() {
      at_ += kPackedBytes;
      if (kRuns == 2 && --left_ == 0) {
        at_ += between();
        left_ = k_steps_;
      }
    }

   private:
    const std::byte* at_;
    std::int64_t left_;
    std::int64_t k_steps_;
  };

  template <int kRuns>
  void prefetch_step(const Cursor<kRuns>& at) const {
    for (int run = 0; run < kRuns; ++run) {
      for (int half = 0; half < kHalvesPerTile; ++half) {
        prefetch_half(at.tile() + run * at.between(), half);
      }
    }
  }

  template <int kRuns>
  void expand_step(const Cursor<kRuns>& at, std::byte* dense) const {
    for (int run = 0; run < kRuns; ++run) {
      for (int half = 0; half < kHalvesPerTile; ++half) {
        Unit::template expand_half<Element>(at.tile() + run * at.between(), half,
                                            dense + std::int64_t{run} * kTileBytes);
      }
    }
  }

  template <int kRowTiles, int kRuns, class Finish>
  void stream(Finish& finish) {
    configure<kRowTiles, kRuns>(args_.m);
    const std::int64_t total = args_.panel_count * args_.k_steps * (kRunsPerPanel / kRuns);
    const auto ring = [&](std::int64_t step) {
      return args_.scratch + step % kRingSteps * (kRunsPerPanel * kTileBytes);
    };
    Cursor<kRuns> packed(args_.panels, args_.k_steps);
    Cursor<kRuns> asked = packed;
    for (std::int64_t i = 0; i < kPrefetchBytes / (kRuns * kPackedBytes); ++i) asked.next();
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
    const std::int64_t first_rows = std::min<std::int64_t>(args_.m, kBlockRows);
    const std::int64_t more_rows = args_.m - first_rows;
    std::int64_t step = 0;
    Finishing<Finish> pending(finish, {}, 1);
    for (std::int64_t panel = 0; panel < args_.panel_count; ++panel) {
      for (int run = 0; run < kRunsPerPanel; run += kRuns) {
        const std::byte* a = args_.a;
        const std::byte* a_more = args_.a + first_rows * args_.k_steps * kTileRowBytes;
        zero_sums<kRowTiles, kRuns>();
        for (const std::int64_t end = step + args_.k_steps; step < end; ++step) {
          if constexpr (kExpands) {
            if (ready < total) make_ready();
            multiply<kRowTiles, kRuns>(a, a_more, ring(step), kTileBytes);
          } else {
            const std::byte* b = packed.tile();
            make_ready();
            multiply<kRowTiles, kRuns>(a, a_more, b, packed.between());
          }
          a += first_rows * kTileRowBytes;
          a_more += more_rows * kTileRowBytes;
          if (run == 0) pending.advance();
        }
        if (run == 0) pending.finish();
        store_sums<kRowTiles, kRuns>(sums_ + run * kTileColumns);
      }
      pending = {finish, {panel, 0, args_.m, sums_}, args_.k_steps};
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
        prefetch_half(product_.packed_tile(later_, later_.begin + step, run), half);
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
    Finishing<Finish> pending(finish, {}, 1);
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
                     Preparation& preparation, Finishing<Finish>& pending, Finish& finish) {
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
