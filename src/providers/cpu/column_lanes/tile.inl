// Tiles of the column-lanes kernels: up to kMaxRows rows by one panel or several, all of K, sums in
// registers.
//
// Unit names the vectors of one instruction set and format: kVectors of them hold a word of each of
// a panel's columns, and a load of packed weights yields kLoadWords words.
//   kProducts                          products in straight-line code
//   kPanelsInside                      dense: a row's activations are broadcast once for the words
//                                      of all panels, which takes registers for these
//   zero, add_starts(sums, packed)     sums
//   load(packed, words)                [kLoadWords][kVectors] words of the weights; in 2:4 whole
//                                      groups
//   broadcast(activations)             dense: one word for all columns
//   group(activations)                 2:4: four activations for all columns
//   indices(step, vector), next(indices)
//                                      2:4: indices of a step's first word, and of the word after
//   control(indices), select(group, control)
//                                      2:4: the word that each column needs of the four
//   add(sum, activations, word)        sum += product, in place
//   store(epilogue, row, sums)

struct TileArgs {
  const RunArgs& run;
  const std::byte* activations;  ///< of the row block
  const std::byte* panel;        ///< the first panel
  std::int64_t panel_bytes;
  std::int64_t steps;
  std::int64_t row;     ///< first row
  std::int64_t column;  ///< first column
};

// How far ahead of their use weights and activations are asked for. Panels follow each other, and
// so do row blocks: the request runs on into the next one.
inline constexpr std::int64_t kPrefetchWeightBytes = 4096;
inline constexpr std::int64_t kPrefetchActivationBytes = 4096;

template <std::int64_t kBytes>
[[gnu::always_inline]] inline void prefetch(const std::byte* data) {
  TWOFOUR_UNROLL for (std::int64_t byte = 0; byte < kBytes; byte += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(data + byte), _MM_HINT_T0);
  }
}

template <class Unit, class Format, Sparsity kSparsity, int kRows, int kPanels>
struct Tile {
  using L = Layout<Format, kSparsity>;
  using Sum = typename Unit::Sum;
  // Bounds of arrays of vectors, which a std::array would strip of their attributes.
  static constexpr std::size_t kVectors = Unit::kVectors;
  static constexpr std::size_t kLoadWords = Unit::kLoadWords;
  static constexpr std::size_t kSums = std::size_t{kRows} * kPanels * kVectors;
  static constexpr int kLoads = static_cast<int>(L::kWords) / Unit::kLoadWords;
  static constexpr std::int64_t kLoadBytes =
      L::kValues / kLoads * static_cast<std::int64_t>(sizeof(typename Format::Stored));
  /// Loads in straight-line code: enough products to hide the loop, few enough to compile.
  static constexpr int kUnrolled = [] {
    int loads = 1;
    while (2 * loads <= kLoads &&
           2 * loads * static_cast<int>(kSums * kLoadWords) <= Unit::kProducts)
      loads *= 2;
    return loads;
  }();
  using Indices = typename Unit::Indices[std::size_t{kPanels}][kVectors];

  static constexpr std::size_t at(std::size_t panel, std::size_t row, std::size_t vector) {
    return (panel * kRows + row) * kVectors + vector;
  }

  static void run(const TileArgs& tile) {
    Sum sums[kSums];
    TWOFOUR_UNROLL for (Sum& sum : sums) sum = Unit::zero();
    const std::byte* a = tile.activations;
    const std::byte* w = tile.panel + L::kHeaderBytes;
    for (std::int64_t step = 0; step < tile.steps; ++step) {
      if constexpr (kPanels < 4) {
        TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
          prefetch<L::kStepBytes>(w + p * tile.panel_bytes + kPrefetchWeightBytes);
        }
        prefetch<kRows * L::kRowBytes>(a + kPrefetchActivationBytes);
      }
      add_step(w, tile.panel_bytes, a, sums);
      a += kRows * L::kRowBytes;
      w += L::kStepBytes;
    }
    store(tile, sums);
  }

 private:
  [[gnu::always_inline]] static void add_step(const std::byte* w, std::int64_t panel_bytes,
                                              const std::byte* a, Sum (&sums)[kSums]) {
    Indices indices;
    if constexpr (!L::kDense) {
      TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
        TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
          indices[p][v] = Unit::indices(w + static_cast<std::int64_t>(p) * panel_bytes, v);
        }
      }
    }
    const std::byte* values = w + L::kStepIndexBytes;
    for (int first = 0; first < kLoads; first += kUnrolled) {
      TWOFOUR_UNROLL for (int load = 0; load < kUnrolled; ++load) {
        if constexpr (L::kDense && Unit::kPanelsInside) {
          add_words_of_panels(values, panel_bytes, a, sums);
        } else {
          TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
            add_words(values + static_cast<std::int64_t>(p) * panel_bytes, a, indices[p],
                      sums + at(p, 0, 0));
          }
        }
        values += kLoadBytes;
        a += Unit::kLoadWords * L::kWordActivationBytes;
      }
    }
  }

  /// A load of one panel.
  [[gnu::always_inline]] static void add_words(const std::byte* values, const std::byte* a,
                                               typename Unit::Indices (&indices)[kVectors],
                                               Sum* sums) {
    typename Unit::Word words[kLoadWords][kVectors];
    Unit::load(values, words);
    TWOFOUR_UNROLL for (std::size_t i = 0; i < kLoadWords; ++i) {
      std::int64_t at_k = static_cast<std::int64_t>(i) * L::kWordActivationBytes;
      if constexpr (!L::kDense) at_k -= at_k % L::kGroupBytes;
      add_word(words[i], a + at_k, indices, sums);
    }
  }

  /// A load of each panel: a row's activations, broadcast once, meet the words of all panels.
  [[gnu::always_inline]] static void add_words_of_panels(const std::byte* values,
                                                         std::int64_t panel_bytes,
                                                         const std::byte* a, Sum* sums) {
    typename Unit::Word words[std::size_t{kPanels}][kLoadWords][kVectors];
    TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
      Unit::load(values + static_cast<std::int64_t>(p) * panel_bytes, words[p]);
    }
    TWOFOUR_UNROLL for (std::size_t i = 0; i < kLoadWords; ++i, a += L::kWordActivationBytes) {
      TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
        const auto activation = Unit::broadcast(a + static_cast<std::int64_t>(r) * L::kRowBytes);
        TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
          TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
            Unit::add(sums[at(p, r, v)], activation, words[p][i][v]);
          }
        }
      }
    }
  }

  /// One word of one panel, with the first row's activations at `a`.
  [[gnu::always_inline]] static void add_word(const typename Unit::Word (&word)[kVectors],
                                              const std::byte* a,
                                              typename Unit::Indices (&indices)[kVectors],
                                              Sum* sums) {
    typename Unit::Control controls[kVectors];
    if constexpr (!L::kDense) {
      TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
        controls[v] = Unit::control(indices[v]);
        indices[v] = Unit::next(indices[v]);
      }
    }
    TWOFOUR_UNROLL for (int r = 0; r < kRows; ++r, a += L::kRowBytes, sums += kVectors) {
      if constexpr (L::kDense) {
        const auto activation = Unit::broadcast(a);
        TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
          Unit::add(sums[v], activation, word[v]);
        }
      } else {
        const auto group = Unit::group(a);
        TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
          Unit::add(sums[v], Unit::select(group, controls[v]), word[v]);
        }
      }
    }
  }

  [[gnu::always_inline]] static void store(const TileArgs& tile, Sum (&sums)[kSums]) {
    TWOFOUR_UNROLL for (std::size_t p = 0; p < kPanels; ++p) {
      const auto panel = static_cast<std::int64_t>(p);
      const ColumnEpilogue epilogue(tile.run.output, tile.run.shape.n,
                                    tile.column + panel * kColumns);
      TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
        Sum* row = &sums[at(p, r, 0)];
        if constexpr (Format::kStarts) Unit::add_starts(tile.panel + panel * tile.panel_bytes, row);
        Unit::store(epilogue, tile.row + static_cast<std::int64_t>(r), row);
      }
    }
  }
};
