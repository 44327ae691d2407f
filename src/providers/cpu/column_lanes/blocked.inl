// Dense kernels for more rows than a tile has: a chunk of a panel becomes words once, in scratch
// that stays in the first-level cache while all row blocks meet it; their sums wait in scratch from
// chunk to chunk.
//
// Of the Unit of tile.inl it takes zero, load, broadcast, add, add_starts and store. Weights are
// packed as for ColumnLanes, so that kernels of both share them. kPanels panels are multiplied side
// by side.

template <class Unit, class Format, int kMaxRows, int kPanels>
struct BlockedDense {
  using L = Layout<Format, Sparsity::kDense>;
  using Sum = typename Unit::Sum;
  using Word = typename Unit::Word;
  static constexpr std::size_t kVectors = Unit::kVectors;
  static constexpr std::int64_t kWordBytes =
      static_cast<std::int64_t>(kPanels * kVectors * sizeof(Word));  ///< of all panels
  static constexpr std::int64_t kChunkBytes = 16 * 1024;  ///< words of a chunk: half a cache
  static constexpr std::int64_t kChunkSteps = kChunkBytes / (L::kWords * kWordBytes);
  /// Row blocks and panels that take turns chunk by chunk: their sums, and the row blocks'
  /// activations of a chunk, stay in the second-level cache.
  static constexpr std::int64_t kBlocksTogether = 32;
  static constexpr std::int64_t kPanelsTogether = 8 / kPanels * kPanels;
  static constexpr std::int64_t kBlockSumBytes = kMaxRows * kWordBytes;

  struct Chunk {
    const std::byte* activations;  ///< of the row block
    const std::byte* words;
    std::int64_t steps;
    std::byte* sums;  ///< [row][panel][vector]
    bool fresh;       ///< sums start from zero
  };

  /// `kWide` vectors make a word of all panels.
  template <int kRows, std::size_t kWide>
  static void multiply(const Chunk& chunk) {
    Sum sums[std::size_t{kRows}][kWide];
    auto* kept = reinterpret_cast<Sum*>(chunk.sums);
    TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
      TWOFOUR_UNROLL for (std::size_t v = 0; v < kWide; ++v) {
        sums[r][v] = chunk.fresh ? Unit::zero() : kept[r * kWide + v];
      }
    }
    constexpr int kUnrolled = 8;  // words in straight-line code
    const std::byte* a = chunk.activations;
    const auto* words = reinterpret_cast<const Word*>(chunk.words);
    for (std::int64_t step = 0; step < chunk.steps; ++step) {
      for (int first = 0; first < L::kWords; first += kUnrolled) {
        TWOFOUR_UNROLL for (int w = 0; w < kUnrolled; ++w, words += kWide) {
          TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
            const auto all = Unit::broadcast(a + static_cast<std::int64_t>(r) * L::kRowBytes +
                                             w * L::kWordActivationBytes);
            TWOFOUR_UNROLL for (std::size_t v = 0; v < kWide; ++v)
                Unit::add(sums[r][v], all, words[v]);
          }
        }
        a += kUnrolled * L::kWordActivationBytes;
      }
      a += (kRows - 1) * L::kRowBytes;
    }
    TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
      TWOFOUR_UNROLL for (std::size_t v = 0; v < kWide; ++v) kept[r * kWide + v] = sums[r][v];
    }
  }

  using Multiply = void (*)(const Chunk&);
  /// Entry r - 1 is for r rows.
  template <int kCount>
  static constexpr auto kMultiply = []<int... i>(std::integer_sequence<int, i...>) {
    return std::array<Multiply, std::size_t{kMaxRows}>{multiply<i + 1, kCount * kVectors>...};
  }
  (std::make_integer_sequence<int, kMaxRows>{});

  static std::size_t scratch_bytes(const GemmShape& shape) {
    const std::int64_t blocks = std::min(block_count(shape.m, kMaxRows), kBlocksTogether);
    const std::int64_t groups = std::min(block_count(shape.n, static_cast<int>(kColumns) * kPanels),
                                         kPanelsTogether / kPanels);
    return static_cast<std::size_t>(kChunkBytes + blocks * groups * kBlockSumBytes);
  }

  static void run(const RunArgs& args) {
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end;
         block += kBlocksTogether) {
      const Range blocks{block, std::min(block + kBlocksTogether, args.blocks.end)};
      for (std::int64_t panel = args.panels.begin; panel < args.panels.end;
           panel += kPanelsTogether) {
        const Range panels{panel, std::min(panel + kPanelsTogether, args.panels.end)};
        multiply_all(args, panels, blocks);
        store_all(args, panels, blocks);
      }
    }
  }

  static constexpr Kernel kernel(std::string_view name, Isa isa, DataType type, int min_rows) {
    return {.name = name,
            .isa = isa,
            .type = type,
            .sparsity = Sparsity::kDense,
            .panel_columns = static_cast<int>(kColumns),
            .max_rows = kMaxRows,
            .min_rows = min_rows,
            .k_multiple = static_cast<int>(kStepDepth),
            .packed_bytes = L::packed_bytes,
            .pack = L::pack,
            .converted_bytes = Activations<Format, kMaxRows>::converted_bytes,
            .convert = Activations<Format, kMaxRows>::convert,
            .scratch_bytes = scratch_bytes,
            .run = run};
  }

 private:
  static std::byte* sums_of(const RunArgs& args, Range panels, Range blocks, std::int64_t panel,
                            std::int64_t block) {
    const std::int64_t index =
        (panel - panels.begin) / kPanels * (blocks.end - blocks.begin) + block - blocks.begin;
    return args.scratch + kChunkBytes + index * kBlockSumBytes;
  }

  static Range rows_of(const RunArgs& args, std::int64_t block) {
    return rows_of_block(args.shape.m, block_count(args.shape.m, kMaxRows), block);
  }

  static void multiply_all(const RunArgs& args, Range panels, Range blocks) {
    const std::int64_t all = steps(args.shape.k);
    for (std::int64_t step = 0; step < all; step += kChunkSteps) {
      const std::int64_t count = std::min(kChunkSteps, all - step);
      for (std::int64_t panel = panels.begin; panel < panels.end; panel += kPanels) {
        const std::int64_t bytes = L::panel_bytes(args.shape.k);
        const std::byte* packed =
            args.packed + panel * bytes + L::kHeaderBytes + step * L::kStepBytes;
        // The last of an odd number of panels is alone.
        const bool all_panels = panels.end - panel >= kPanels;
        const auto& multiply_rows = all_panels ? kMultiply<kPanels> : kMultiply<1>;
        all_panels ? expand<kPanels>(packed, bytes, count, args.scratch)
                   : expand<1>(packed, bytes, count, args.scratch);
        for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
          if (blocks.begin == args.blocks.begin) {
            // A share of the next panels' chunks, on its way from memory.
            for (int p = 0; p < kPanels; ++p) {
              prefetch_share(packed + (kPanels + p) * bytes, count * L::kStepBytes,
                             block - blocks.begin, blocks.end - blocks.begin);
            }
          }
          const Range rows = rows_of(args, block);
          const std::int64_t height = rows.end - rows.begin;
          multiply_rows[static_cast<std::size_t>(height - 1)](
              {.activations = args.converted + (rows.begin * all + height * step) * L::kRowBytes,
               .words = args.scratch,
               .steps = count,
               .sums = sums_of(args, panels, blocks, panel, block),
               .fresh = step == 0});
        }
      }
    }
  }

  static void prefetch_share(const std::byte* data, std::int64_t bytes, std::int64_t share,
                             std::int64_t shares) {
    for (std::int64_t i = bytes * share / shares / 64 * 64; i < bytes * (share + 1) / shares;
         i += 64) {
      _mm_prefetch(reinterpret_cast<const char*>(data + i), _MM_HINT_T1);
    }
  }

  /// `count` steps of kCount panels, `bytes` apart, word by word.
  template <int kCount>
  static void expand(const std::byte* packed, std::int64_t bytes, std::int64_t count,
                     std::byte* scratch) {
    constexpr std::int64_t kLoads = L::kWords / Unit::kLoadWords;
    constexpr std::size_t kWide = kCount * kVectors;
    auto* to = reinterpret_cast<Word*>(scratch);
    for (std::int64_t i = 0; i < count * kLoads; ++i, packed += L::kStepBytes / kLoads) {
      TWOFOUR_UNROLL for (std::size_t p = 0; p < kCount; ++p) {
        Word words[std::size_t{Unit::kLoadWords}][kVectors];
        Unit::load(packed + static_cast<std::int64_t>(p) * bytes, words);
        TWOFOUR_UNROLL for (std::size_t w = 0; w < std::size_t{Unit::kLoadWords}; ++w) {
          TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
            to[w * kWide + p * kVectors + v] = words[w][v];
          }
        }
      }
      to += Unit::kLoadWords * kWide;
    }
  }

  static void store_all(const RunArgs& args, Range panels, Range blocks) {
    for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
      const ColumnEpilogue epilogue(args.output, args.shape.n, panel * kColumns);
      const std::int64_t first = (panel - panels.begin) / kPanels * kPanels + panels.begin;
      const bool all_panels = panels.end - first >= kPanels;
      const std::size_t wide = (all_panels ? kPanels : 1) * kVectors;
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        auto* sums = reinterpret_cast<Sum*>(sums_of(args, panels, blocks, panel, block)) +
                     static_cast<std::size_t>(panel - first) * kVectors;
        const Range rows = rows_of(args, block);
        for (std::int64_t row = rows.begin; row < rows.end; ++row, sums += wide) {
          if constexpr (Format::kStarts) {
            Unit::add_starts(args.packed + panel * L::panel_bytes(args.shape.k), sums);
          }
          Unit::store(epilogue, row, sums);
        }
      }
    }
  }
};
