// The micro-kernel of the column-lanes kernels: D[kRows][kPanels * 16] with all of K, accumulators
// in registers. For each word of B and each row it does
//
//   dense   accumulator += broadcast(a) * word       a: one word of the row's activations
//   2:4     accumulator += select(group(a)) * word   a: a group of four of the row's activations;
//                                                    each lane selects what its column kept
//
// Ops are the vector operations of one instruction set and format. A word of each of a panel's 16
// columns takes kVectors vectors; one load of packed B yields kLoadWords words.
//   kProducts                      unrolling: at most so many products in straight-line code
//   kPanelsInside                  dense: broadcast a row's activations once for all panels, which
//                                  keeps the words of all panels in registers
//   zero()                         an accumulator of zeros
//   load(packed, words)            words [kLoadWords][kVectors] of B; in 2:4 whole groups
//   broadcast(activations)         dense: one word of A in all lanes
//   group(activations)             2:4: the four elements of a group of A, repeated all over the
//                                  vector
//   indices(step, vector)          2:4: the indices of a k-step's columns, at its first word
//   next(indices)                  2:4: the same at the following word
//   control(indices)               2:4: shuffle control for the current word, for all rows
//   select(group, control)         2:4: the word of A that each column needs
//   add(accumulator, a, word)      accumulator += a * word
//   add_nan_columns(panel, accumulators)
//                                  adds a panel's header, see Format::kNanColumns
//   store(epilogue, row, accumulators)
//                                  the epilogue of one row

struct MicroKernelArgs {
  const RunArgs& run;
  const std::byte* activations;  ///< packed A: [steps][kRows][32 k]
  const std::byte* panel;        ///< packed B: [kPanels][panel_bytes]
  std::int64_t panel_bytes;
  std::int64_t steps;   ///< k-steps
  std::int64_t row;     ///< first row of D
  std::int64_t column;  ///< first column of D
};

// Prefetch distances. Panels follow each other in memory, and so do row blocks: prefetching runs on
// into the next one.
inline constexpr std::int64_t kPrefetchWeightBytes = 4096;
inline constexpr std::int64_t kPrefetchActivationBytes = 4096;

template <std::int64_t kBytes>
[[gnu::always_inline]] inline void prefetch(const std::byte* data) {
  TWOFOUR_UNROLL for (std::int64_t byte = 0; byte < kBytes; byte += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(data + byte), _MM_HINT_T0);
  }
}

template <class Ops, class Format, Sparsity kSparsity, int kRows, int kPanels>
struct MicroKernel {
  using L = Layout<Format, kSparsity>;
  using Accumulator = typename Ops::Accumulator;
  // Vectors are in plain arrays, because std::array would strip them of their alignment attribute.
  static constexpr std::size_t kVectors = Ops::kVectors;
  static constexpr std::size_t kLoadWords = Ops::kLoadWords;
  static constexpr std::size_t kAccumulators = std::size_t{kRows} * kPanels * kVectors;
  static constexpr int kLoads = static_cast<int>(L::kWords) / Ops::kLoadWords;
  static constexpr std::int64_t kLoadBytes =
      L::kValues / kLoads * static_cast<std::int64_t>(sizeof(typename Format::Stored));
  /// Loads that are unrolled: enough products to hide the loop, few enough to compile soon.
  static constexpr int kUnrolled = [] {
    int loads = 1;
    while (2 * loads <= kLoads &&
           2 * loads * static_cast<int>(kAccumulators * kLoadWords) <= Ops::kProducts)
      loads *= 2;
    return loads;
  }();
  using Indices = typename Ops::Indices[std::size_t{kPanels}][kVectors];

  /// Index into accumulators[kPanels][kRows][kVectors].
  static constexpr std::size_t at(std::size_t panel, std::size_t row, std::size_t vector) {
    return (panel * kRows + row) * kVectors + vector;
  }

  static void run(const MicroKernelArgs& tile) {
    Accumulator accumulators[kAccumulators];
    TWOFOUR_UNROLL for (Accumulator& accumulator : accumulators) accumulator = Ops::zero();
    const std::byte* a = tile.activations;
    const std::byte* w = tile.panel + L::kHeaderBytes;
    for (std::int64_t step = 0; step < tile.steps; ++step) {
      if constexpr (kPanels < 4) {
        TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
          prefetch<L::kStepBytes>(w + p * tile.panel_bytes + kPrefetchWeightBytes);
        }
        prefetch<kRows * L::kRowBytes>(a + kPrefetchActivationBytes);
      }
      add_step(w, tile.panel_bytes, a, accumulators);
      a += kRows * L::kRowBytes;
      w += L::kStepBytes;
    }
    store(tile, accumulators);
  }

 private:
  /// One k-step of all panels and rows.
  [[gnu::always_inline]] static void add_step(const std::byte* w, std::int64_t panel_bytes,
                                              const std::byte* a,
                                              Accumulator (&accumulators)[kAccumulators]) {
    Indices indices;
    if constexpr (!L::kDense) {
      TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
        TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
          indices[p][v] = Ops::indices(w + static_cast<std::int64_t>(p) * panel_bytes, v);
        }
      }
    }
    const std::byte* values = w + L::kStepIndexBytes;
    for (int first = 0; first < kLoads; first += kUnrolled) {
      TWOFOUR_UNROLL for (int load = 0; load < kUnrolled; ++load) {
        if constexpr (L::kDense && Ops::kPanelsInside) {
          add_words_of_panels(values, panel_bytes, a, accumulators);
        } else {
          TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
            add_words(values + static_cast<std::int64_t>(p) * panel_bytes, a, indices[p],
                      accumulators + at(p, 0, 0));
          }
        }
        values += kLoadBytes;
        a += Ops::kLoadWords * L::kWordActivationBytes;
      }
    }
  }

  /// The words of one load, of one panel.
  [[gnu::always_inline]] static void add_words(const std::byte* values, const std::byte* a,
                                               typename Ops::Indices (&indices)[kVectors],
                                               Accumulator* accumulators) {
    typename Ops::Word words[kLoadWords][kVectors];
    Ops::load(values, words);
    TWOFOUR_UNROLL for (std::size_t i = 0; i < kLoadWords; ++i) {
      std::int64_t at_k = static_cast<std::int64_t>(i) * L::kWordActivationBytes;
      if constexpr (!L::kDense) at_k -= at_k % L::kGroupBytes;
      add_word(words[i], a + at_k, indices, accumulators);
    }
  }

  /// The words of one load of each panel; each activation is broadcast once for all panels.
  [[gnu::always_inline]] static void add_words_of_panels(const std::byte* values,
                                                         std::int64_t panel_bytes,
                                                         const std::byte* a,
                                                         Accumulator* accumulators) {
    typename Ops::Word words[std::size_t{kPanels}][kLoadWords][kVectors];
    TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
      Ops::load(values + static_cast<std::int64_t>(p) * panel_bytes, words[p]);
    }
    TWOFOUR_UNROLL for (std::size_t i = 0; i < kLoadWords; ++i, a += L::kWordActivationBytes) {
      TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
        const auto activation = Ops::broadcast(a + static_cast<std::int64_t>(r) * L::kRowBytes);
        TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
          TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
            Ops::add(accumulators[at(p, r, v)], activation, words[p][i][v]);
          }
        }
      }
    }
  }

  /// One word of one panel times all rows; a: activations of the first row, kRowBytes from row to
  /// row.
  [[gnu::always_inline]] static void add_word(const typename Ops::Word (&word)[kVectors],
                                              const std::byte* a,
                                              typename Ops::Indices (&indices)[kVectors],
                                              Accumulator* accumulators) {
    typename Ops::Control controls[kVectors];
    if constexpr (!L::kDense) {
      TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
        controls[v] = Ops::control(indices[v]);
        indices[v] = Ops::next(indices[v]);
      }
    }
    TWOFOUR_UNROLL for (int r = 0; r < kRows; ++r, a += L::kRowBytes, accumulators += kVectors) {
      if constexpr (L::kDense) {
        const auto activation = Ops::broadcast(a);
        TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
          Ops::add(accumulators[v], activation, word[v]);
        }
      } else {
        const auto group = Ops::group(a);
        TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
          Ops::add(accumulators[v], Ops::select(group, controls[v]), word[v]);
        }
      }
    }
  }

  [[gnu::always_inline]] static void store(const MicroKernelArgs& tile,
                                           Accumulator (&accumulators)[kAccumulators]) {
    TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
      const auto panel = static_cast<std::int64_t>(p);
      const ColumnEpilogue epilogue(tile.run.output, tile.run.shape.n,
                                    tile.column + panel * kColumns);
      TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
        Accumulator* row = &accumulators[at(p, r, 0)];
        if constexpr (Format::kNanColumns)
          Ops::add_nan_columns(tile.panel + panel * tile.panel_bytes, row);
        Ops::store(epilogue, tile.row + static_cast<std::int64_t>(r), row);
      }
    }
  }
};
