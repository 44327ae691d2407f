// int8 kernels for AVX-512 VNNI, dense and 2:4. VPDPBUSD adds four products of an unsigned and a
// signed byte to each of sixteen int32 lanes, exactly. Pack A makes activations unsigned by adding
// 128, which adds 128 times the sum of a column's weights to each of its results; pack B stores the
// negative of that, the column's compensation, and the epilogue adds it.
//
// A vector lane is a column of B. Dense: four activations of a row are broadcast and multiplied
// with four weights of each column. 2:4: eight activations of a row are broadcast and shuffled so
// that each lane gets the four that its column kept.
//
//   B   [panel of 16 columns]
//         compensation   [16 columns] int32
//         k-steps        [K / 32]
//           dense        [8][16 columns][4 k]
//           2:4          indices [16 columns][4 bytes], then values [4][16 columns][4 kept of 8 k]
//   A   [row block][K / 32][row of the block][32 k], each byte plus 128
//
// docs/cpu-kernels-avx512.md has the limits, its log what else was tried.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "providers/cpu/avx512/epilogue.h"
#include "providers/cpu/avx512/panels.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

constexpr int kColumns = 16;
constexpr int kMaxRows = 24;
constexpr int kStep = 32;    ///< k of a k-step
constexpr int kVector = 64;  ///< bytes

std::int64_t steps(std::int64_t k) { return round_up(k, kStep) / kStep; }

// ---- Pack A. ----

std::size_t packed_a_bytes(std::int64_t m, std::int64_t k) {
  return static_cast<std::size_t>(m * steps(k) * kStep);
}

void pack_a(const PackAArgs& args) {
  const std::int64_t blocks = block_count(args.m, kMaxRows);
  const __m256i flip = _mm256_set1_epi8(-128);
  for (std::int64_t block = args.tasks.begin; block < args.tasks.end; ++block) {
    const Range rows = rows_of_block(args.m, blocks, block);
    const std::int64_t stride = (rows.end - rows.begin) * kStep;
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
      const auto* from = static_cast<const std::int8_t*>(args.activations) + i * args.k;
      std::byte* to = args.packed_a + rows.begin * steps(args.k) * kStep + (i - rows.begin) * kStep;
      for (std::int64_t k = 0; k < args.k; k += kStep, to += stride) {
        const std::int64_t left = args.k - k;
        const __mmask32 mask = left >= kStep ? ~__mmask32{0} : (__mmask32{1} << left) - 1;
        const __m256i bytes = _mm256_maskz_loadu_epi8(mask, from + k);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_xor_si256(bytes, flip));
      }
    }
  }
}

// ---- Pack B. ----

/// Dense k-step: [8][16 columns][4 k].
constexpr std::int64_t kDenseStepBytes = kStep * kColumns;
/// 2:4 k-step: indices [16 columns][4 bytes], then values [4][16 columns][4 kept of 8 k]. Bits 2s
/// and 2s + 1 of index byte v of a column are the position, in its group of four, of value v of the
/// k-step's s-th eight k.
constexpr std::int64_t kTwoFourStepBytes = kVector + kStep / 8 * kVector;

template <std::int64_t kStepBytes>
std::int64_t panel_bytes(std::int64_t k) {
  return kVector + steps(k) * kStepBytes;
}

template <std::int64_t kStepBytes>
std::size_t packed_b_bytes(std::int64_t n, std::int64_t k) {
  return static_cast<std::size_t>(block_count(n, kColumns) * panel_bytes<kStepBytes>(k));
}

__m256i load_weights(const std::int8_t* row, std::int64_t left) {
  const __mmask32 mask = left >= kStep ? ~__mmask32{0} : (__mmask32{1} << left) - 1;
  return _mm256_maskz_loadu_epi8(mask, row);
}

void pack_dense_step(__m256i weights, std::byte* to) {
  alignas(32) std::array<std::uint32_t, kStep / 4> quads;
  _mm256_store_si256(reinterpret_cast<__m256i*>(quads.data()), weights);
  for (const std::uint32_t quad : quads) {
    std::memcpy(to, &quad, sizeof(quad));
    to += kVector;
  }
}

/// For each mask of the non-zeros of a group: PEXT mask of the bytes to keep, and their two
/// positions in two bytes.
struct GroupCode {
  std::uint32_t bytes;
  std::uint32_t positions;
};
constexpr std::array<GroupCode, 16> kGroupCodes = [] {
  std::array<GroupCode, 16> codes{};
  for (std::size_t mask = 0; mask < 16; ++mask) {
    const GroupPositions kept = kKeptPairs[mask];
    codes[mask].bytes = 0xFFu << 8 * kept.first | 0xFFu << 8 * kept.second;
    codes[mask].positions = static_cast<std::uint32_t>(kept.first | kept.second << 8);
  }
  return codes;
}();

void pack_two_four_step(__m256i weights, std::byte* to) {
  alignas(32) std::array<std::uint64_t, kStep / 8> eights;
  _mm256_store_si256(reinterpret_cast<__m256i*>(eights.data()), weights);
  std::uint32_t non_zero = _mm256_test_epi8_mask(weights, weights);
  std::uint32_t indices = 0;
  for (unsigned s = 0; s < eights.size(); ++s, non_zero >>= 8) {
    const GroupCode& low = kGroupCodes[non_zero & 15u];
    const GroupCode& high = kGroupCodes[non_zero >> 4 & 15u];
    const auto kept = static_cast<std::uint32_t>(
        _pext_u64(eights[s], std::uint64_t{low.bytes} | std::uint64_t{high.bytes} << 32));
    std::memcpy(to + (s + 1) * kVector, &kept, sizeof(kept));
    indices |= (low.positions | high.positions << 16) << 2 * s;
  }
  std::memcpy(to, &indices, sizeof(indices));
}

template <std::int64_t kStepBytes, void (*PackStep)(__m256i, std::byte*)>
void pack_b(const PackBArgs& args) {
  const __m256i ones = _mm256_set1_epi8(1);
  for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
    std::byte* panel = args.packed_b + p * panel_bytes<kStepBytes>(args.k);
    std::array<__m256i, kColumns> weight_sums{};  // eight parts for each column
    for (std::int64_t k = 0; k < args.k; k += kStep) {
      std::byte* step = panel + kVector + k / kStep * kStepBytes;
      for (std::int64_t j = 0; j < kColumns; ++j) {
        const std::int64_t column = p * kColumns + j;
        __m256i weights = _mm256_setzero_si256();
        if (column < args.n) {
          weights = load_weights(
              static_cast<const std::int8_t*>(args.weights) + column * args.k + k, args.k - k);
        }
        auto& weight_sum = weight_sums[static_cast<std::size_t>(j)];
        weight_sum = _mm256_dpbusd_epi32(weight_sum, ones, weights);
        PackStep(weights, step + 4 * j);
      }
    }
    for (std::size_t j = 0; j < kColumns; ++j) {
      alignas(32) std::array<std::int32_t, 8> parts;
      _mm256_store_si256(reinterpret_cast<__m256i*>(parts.data()), weight_sums[j]);
      std::int32_t compensation = 0;
      for (const std::int32_t part : parts) compensation -= 128 * part;
      std::memcpy(panel + 4 * j, &compensation, sizeof(compensation));
    }
  }
}

// ---- Micro-kernels: rows by panels, all of K, accumulators in registers. ----

struct MicroKernelArgs {
  const RunArgs& run;
  const std::byte* a;      ///< packed A: [steps][rows of the block][32 k], from the first row on
  std::int64_t a_stride;   ///< bytes from k-step to k-step
  const std::byte* panel;  ///< packed B: [panels][panel_bytes]
  std::int64_t panel_bytes;
  std::int64_t steps;
  std::int64_t row;     ///< first row of D
  std::int64_t column;  ///< first column of D
  std::byte* controls;  ///< scratch: [panels][steps][4][64 bytes]; 2:4 with several row blocks
};

// Prefetch distances. Panels follow each other in memory, and so do row blocks: prefetching runs on
// into the next one.
constexpr std::int64_t kPrefetchWeightBytes = 2048;
constexpr std::int64_t kPrefetchActivationBytes = 4096;

template <std::int64_t kBytes>
[[gnu::always_inline]] inline void prefetch(const std::byte* data) {
  TWOFOUR_UNROLL for (std::int64_t byte = 0; byte + kVector <= kBytes; byte += kVector) {
    _mm_prefetch(reinterpret_cast<const char*>(data + byte), _MM_HINT_T0);
  }
}

/// Prefetches a later k-step. With many rows the products take so long that the reorder buffer does
/// not reach the next k-step's loads, and the hardware prefetcher stops at the end of each page.
/// With few rows (four panels at once) software prefetching costs more bandwidth than it gains.
/// Weights that are read again come from L2 soon enough without it, and each prefetch would take
/// the slot of a load.
template <int kRows, int kPanels, std::int64_t kStepBytes, Visit kVisit>
[[gnu::always_inline]] inline void prefetch_step(const std::byte* a, const std::byte* weights,
                                                 std::int64_t panel_bytes) {
  if constexpr (kPanels < 4 && kVisit != Visit::kAgain) {
    TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
      prefetch<kStepBytes>(weights + p * panel_bytes + kPrefetchWeightBytes);
    }
    prefetch<kRows * kStep>(a + kPrefetchActivationBytes);
  }
}

/// Accumulators are [rows][panels], in a plain array, because std::array would strip the vectors of
/// their alignment attribute.
template <std::size_t kCount>
[[gnu::always_inline]] inline void clear(__m512i (&accumulators)[kCount]) {
  TWOFOUR_UNROLL for (__m512i& accumulator : accumulators) accumulator = _mm512_setzero_si512();
}

/// Keeps a vector in a register, and these calls in the order in which they are written.
[[gnu::always_inline]] inline void keep(__m512i& vector) { asm volatile("" : "+v"(vector)); }

[[gnu::always_inline]] inline void add_products(__m512i& accumulator, __m512i a, __m512i weights) {
  accumulator = _mm512_dpbusd_epi32(accumulator, a, weights);
  // Keeps the accumulator in one register: g++ 12 otherwise ends each iteration with a chain of
  // copies, which limit the micro-kernel with more than 16 rows.
  keep(accumulator);
}

template <int kRows, int kPanels>
[[gnu::always_inline]] inline void store(const __m512i* accumulators, const MicroKernelArgs& tile) {
  TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
    const ColumnEpilogue epilogue(tile.run.output, tile.run.shape.n, tile.column + p * kColumns);
    const __m512i compensation = _mm512_load_si512(tile.panel + p * tile.panel_bytes);
    TWOFOUR_UNROLL for (std::int64_t r = 0; r < kRows; ++r) {
      epilogue.store(tile.row + r, _mm512_cvtepi32_ps(_mm512_add_epi32(
                                       compensation, accumulators[r * kPanels + p])));
    }
  }
}

struct Dense {
  static constexpr std::int64_t kStepBytes = kDenseStepBytes;
  static constexpr std::int64_t kControlBytes = 0;

  template <int kRows, int kPanels, Visit kVisit>
  static void tile(const MicroKernelArgs& tile) {
    __m512i accumulators[std::size_t{kRows * kPanels}];
    clear(accumulators);
    const std::byte* a = tile.a;
    const std::byte* w = tile.panel + kVector;
    for (std::int64_t step = 0; step < tile.steps; ++step) {
      prefetch_step<kRows, kPanels, kStepBytes, kVisit>(a, w, tile.panel_bytes);
      TWOFOUR_UNROLL for (std::int64_t s = 0; s < kStep / 4; ++s) {
        __m512i weights[std::size_t{kPanels}];
        TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
          weights[p] = _mm512_load_si512(w + p * tile.panel_bytes + s * kVector);
        }
        TWOFOUR_UNROLL for (std::int64_t r = 0; r < kRows; ++r) {
          std::int32_t quad;
          std::memcpy(&quad, a + r * kStep + s * 4, sizeof(quad));
          __m512i four = _mm512_set1_epi32(quad);
          // Broadcast once for all panels, instead of as a memory operand of each product.
          if constexpr (kPanels > 1) keep(four);
          TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
            add_products(accumulators[r * kPanels + p], four, weights[p]);
          }
        }
      }
      a += tile.a_stride;
      w += kStepBytes;
    }
    store<kRows, kPanels>(accumulators, tile);
  }
};

struct TwoFour {
  static constexpr std::int64_t kStepBytes = kTwoFourStepBytes;
  /// Shuffle controls of one k-step and panel, [4][16 columns][4 bytes]. The first visit stores
  /// them in scratch for the visits that follow: loads are free here, while the shifts and masks
  /// that make a control take a port that shuffles need.
  static constexpr std::int64_t kControlBytes = kStep / 8 * kVector;

  /// Shuffle control for the s-th eight k of the k-step at `panel`.
  template <Visit kVisit>
  [[gnu::always_inline]] static __m512i control(const std::byte* panel, std::byte* controls,
                                                int s) {
    if constexpr (kVisit == Visit::kAgain) return _mm512_load_si512(controls + s * kVector);
    const __m512i indices =
        _mm512_srli_epi32(_mm512_load_si512(panel), static_cast<unsigned>(2 * s));
    // (indices & 3) | group: values 2 and 3 of a column come from the second group of four.
    const __m512i group = _mm512_set1_epi32(0x04040000);
    const __m512i bytes = _mm512_ternarylogic_epi32(indices, _mm512_set1_epi8(3), group, 0xEA);
    if constexpr (kVisit == Visit::kFirst) _mm512_store_si512(controls + s * kVector, bytes);
    return bytes;
  }

  template <int kRows, int kPanels, Visit kVisit>
  static void tile(const MicroKernelArgs& tile) {
    __m512i accumulators[std::size_t{kRows * kPanels}];
    clear(accumulators);
    const std::byte* a = tile.a;
    const std::byte* w = tile.panel + kVector;
    std::byte* controls = tile.controls;
    const std::int64_t controls_stride = tile.steps * kControlBytes;
    for (std::int64_t step = 0; step < tile.steps; ++step) {
      prefetch_step<kRows, kPanels, kStepBytes, kVisit>(a, w, tile.panel_bytes);
      TWOFOUR_UNROLL for (int s = 0; s < kStep / 8; ++s) {
        __m512i bytes[std::size_t{kPanels}];
        __m512i weights[std::size_t{kPanels}];
        TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
          const std::byte* panel = w + p * tile.panel_bytes;
          bytes[p] = control<kVisit>(panel, controls + p * controls_stride, s);
          weights[p] = _mm512_load_si512(panel + (s + 1) * kVector);
        }
        add_eight<kRows, kPanels>(a + s * 8, bytes, weights, accumulators);
      }
      a += tile.a_stride;
      w += kStepBytes;
      if constexpr (kVisit != Visit::kOnly) controls += kControlBytes;
    }
    store<kRows, kPanels>(accumulators, tile);
  }

  /// Eight k of each panel and row. Shuffles are issued kAhead products before the product that
  /// needs them, a shuffle and a product in turn: products then take the one port that shuffles can
  /// use less often than if all shuffles came first.
  template <int kRows, int kPanels>
  [[gnu::always_inline]] static void add_eight(const std::byte* a, const __m512i* bytes,
                                               const __m512i* weights, __m512i* accumulators) {
    constexpr int kCount = kRows * kPanels;
    constexpr int kAhead = 3;
    __m512i kept[kAhead + 1];
    __m512i eights;
    TWOFOUR_UNROLL for (int i = 0; i < kCount + kAhead; ++i) {
      if (i < kCount) {
        if (i % kPanels == 0) {
          std::int64_t eight;
          std::memcpy(&eight, a + i / kPanels * kStep, sizeof(eight));
          eights = _mm512_set1_epi64(eight);
          keep(eights);
        }
        kept[i % (kAhead + 1)] = _mm512_shuffle_epi8(eights, bytes[i % kPanels]);
        keep(kept[i % (kAhead + 1)]);
      }
      const int ready = i - kAhead;
      if (ready >= 0) {
        add_products(accumulators[ready], kept[ready % (kAhead + 1)], weights[ready % kPanels]);
      }
    }
  }
};

using MicroKernelFunction = void (*)(const MicroKernelArgs&);

/// Micro-kernels of r rows: by one panel for each Visit, by Panels::panels_at_once(r) panels for
/// the only visit, and by two panels for Visit::kAgain, where r is at most half of a block's rows.
struct MicroKernels {
  std::array<MicroKernelFunction, 3> one;
  MicroKernelFunction several;
  MicroKernelFunction two_again;
};

/// Micro-kernels that hardly differ are one function, because each takes long to compile: only 2:4
/// ones differ by visit, and a row block that is not the only one has at least half of kMaxRows.
template <class Form, int kRows>
constexpr MicroKernels make_micro_kernels() {
  constexpr bool kVisits = Form::kControlBytes != 0 && 2 * kRows >= kMaxRows;
  constexpr bool kHalf = 4 * kRows >= kMaxRows && 2 * kRows <= kMaxRows;
  MicroKernels made{
      .one = {Form::template tile<kRows, 1, Visit::kOnly>, Form::template tile < kRows, 1,
              kVisits ? Visit::kFirst : Visit::kOnly >, Form::template tile < kRows, 1,
              kVisits ? Visit::kAgain : Visit::kOnly > },
      .several = Form::template tile<kRows, Panels::panels_at_once(kRows), Visit::kOnly>,
      .two_again = nullptr};
  if constexpr (kHalf) made.two_again = Form::template tile<kRows, 2, Visit::kAgain>;
  return made;
}

/// Entry r - 1 is for r rows.
template <class Form>
constexpr auto kMicroKernels = []<int... i>(std::integer_sequence<int, i...>) {
  return std::array<MicroKernels, kMaxRows>{make_micro_kernels<Form, i + 1>()...};
}
(std::make_integer_sequence<int, kMaxRows>{});

/// Panels of a group, which stay in L2 while all row blocks are multiplied with them: whole pairs.
template <class Form>
std::int64_t panels_in_group(std::int64_t k) {
  const std::int64_t bytes = panel_bytes<Form::kStepBytes>(k) + steps(k) * Form::kControlBytes;
  return std::max<std::int64_t>(2, resident_panels(bytes) / 2 * 2);
}

template <class Form>
std::size_t scratch_bytes(const GemmShape& shape) {
  if (Form::kControlBytes == 0 || shape.m <= kMaxRows) return 0;
  const std::int64_t panels =
      std::min(panels_in_group<Form>(shape.k), block_count(shape.n, kColumns));
  return static_cast<std::size_t>(panels * steps(shape.k) * Form::kControlBytes);
}

/// Runs the micro-kernels of a group's panels and a row block.
template <class Form>
class MicroKernelRuns {
 public:
  MicroKernelRuns(const RunArgs& args, Range panels, Range rows)
      : args_(args), panels_(panels), rows_(rows), steps_(steps(args.shape.k)) {}

  void run(Visit visit) const {
    const MicroKernels& tiles = functions(rows_);
    std::int64_t panel = panels_.begin;
    if (visit == Visit::kOnly) {
      panel = run_all(tiles.several, rows_.begin,
                      Panels::panels_at_once(static_cast<int>(count(rows_))));
    } else if (visit == Visit::kAgain) {
      // Two panels at a time, so that each activation is loaded once for both. The first visit
      // takes one panel at a time instead, and so is long enough for the next weights to arrive.
      const std::int64_t middle = rows_.begin + count(rows_) / 2;
      for (const Range half : {Range{rows_.begin, middle}, Range{middle, rows_.end}}) {
        panel = run_all(functions(half).two_again, half.begin, 2);
      }
    }
    for (; panel < panels_.end; ++panel) {
      run_tile(tiles.one[static_cast<std::size_t>(visit)], rows_.begin, panel);
    }
  }

 private:
  static std::int64_t count(Range rows) { return rows.end - rows.begin; }
  static const MicroKernels& functions(Range rows) {
    return kMicroKernels<Form>[static_cast<std::size_t>(count(rows) - 1)];
  }

  /// Runs `panels` panels at a time; returns the first panel that is left over.
  std::int64_t run_all(MicroKernelFunction tile, std::int64_t row, int panels) const {
    std::int64_t panel = panels_.begin;
    for (; panels_.end - panel >= panels; panel += panels) run_tile(tile, row, panel);
    return panel;
  }

  void run_tile(MicroKernelFunction tile, std::int64_t row, std::int64_t panel) const {
    const std::int64_t bytes = panel_bytes<Form::kStepBytes>(args_.shape.k);
    tile({.run = args_,
          .a = args_.packed_a + (rows_.begin * steps_ + row - rows_.begin) * kStep,
          .a_stride = count(rows_) * kStep,
          .panel = args_.packed_b + panel * bytes,
          .panel_bytes = bytes,
          .steps = steps_,
          .row = row,
          .column = panel * kColumns,
          .controls = args_.scratch + (panel - panels_.begin) * steps_ * Form::kControlBytes});
  }

  const RunArgs& args_;
  Range panels_;
  Range rows_;
  std::int64_t steps_;
};

template <class Form>
void run(const RunArgs& args) {
  for_each_tile(args, kMaxRows, panels_in_group<Form>(args.shape.k),
                [&](Range panels, Range rows, Visit visit) {
                  MicroKernelRuns<Form>(args, panels, rows).run(visit);
                });
}

template <class Form, void (*PackStep)(__m256i, std::byte*)>
constexpr Kernel make_kernel(std::string_view name, Sparsity sparsity) {
  return {.name = name,
          .isa = Isa::kAvx512,
          .needs = kCompiledFor,
          .type = DataType::kInt8,
          .sparsity = sparsity,
          .panel_columns = kColumns,
          .max_rows = kMaxRows,
          .k_multiple = kStep,
          .packed_b_bytes = packed_b_bytes<Form::kStepBytes>,
          .pack_b = pack_b<Form::kStepBytes, PackStep>,
          .packed_a_bytes = packed_a_bytes,
          .pack_a = pack_a,
          .scratch_bytes = scratch_bytes<Form>,
          .run = run<Form>};
}

}  // namespace

constinit const Kernel i8_dense = make_kernel<Dense, pack_dense_step>(
    "vpdpbusd, tiles of 24 rows x 16 columns", Sparsity::kDense);
constinit const Kernel i8_two_four = make_kernel<TwoFour, pack_two_four_step>(
    "vpshufb of activations, vpdpbusd, tiles of 24 rows x 16 columns", Sparsity::kTwoFour);

}  // namespace twofour::providers::cpu::avx512
