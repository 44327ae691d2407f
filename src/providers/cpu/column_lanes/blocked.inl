// Dense kernels for many rows. micro_kernel.inl widens weights again for each row block; here a
// chunk of k-steps of kPanels panels is widened once, into scratch memory that stays in the
// first-level cache while all row blocks are multiplied with it. The loop nest, from outermost to
// innermost:
//
//   for each group of row blocks (kGroupBlocks) and of panels (kGroupPanels)
//     for each chunk of k-steps (kChunkSteps)
//       for each kPanels panels of the group      expand() the chunk
//         for each row block of the group         multiply(): accumulators from scratch and back
//     store_all(): the epilogue
//
// Scratch memory:
//   words          [kChunkSteps][kWords][kPanels][kVectors]
//   accumulators   [kPanels panels][row block][row][kPanels][kVectors]
//
// Of the Ops of micro_kernel.inl it takes zero, load, broadcast, add, add_nan_columns and store. B
// is packed as for ColumnLanes, so that kernels of both kinds share packed weights.

template <class Ops, class Format, int kMaxRows, int kPanels>
struct BlockedDense {
  using L = Layout<Format, Sparsity::kDense>;
  using Accumulator = typename Ops::Accumulator;
  using Word = typename Ops::Word;
  static constexpr std::size_t kVectors = Ops::kVectors;
  static constexpr std::int64_t kWordBytes = static_cast<std::int64_t>(
      kPanels * kVectors * sizeof(Word));  ///< a word of the 16 columns of kPanels panels
  static constexpr std::int64_t kChunkBytes = 16 * 1024;  ///< half of a first-level cache of 32 KiB
  static constexpr std::int64_t kChunkSteps = kChunkBytes / (L::kWords * kWordBytes);
  /// Sizes of a group. Its accumulators, and its activations of one chunk, stay in the second-level
  /// cache.
  static constexpr std::int64_t kGroupBlocks = 32;
  static constexpr std::int64_t kGroupPanels = 8 / kPanels * kPanels;
  static constexpr std::int64_t kBlockAccumulatorBytes = kMaxRows * kWordBytes;

  struct Chunk {
    const std::byte* activations;  ///< packed A: [steps][row][32 k]
    const std::byte* words;        ///< [steps][kWords][panel][vector]
    std::int64_t steps;            ///< k-steps
    std::byte* accumulators;       ///< [row][panel][vector], read and written
    bool zero_accumulators;        ///< the first chunk: start from zero instead of reading them
  };

  /// The micro-kernel: kRows rows times one chunk of panels whose words take kWide vectors.
  template <int kRows, std::size_t kWide>
  static void multiply(const Chunk& chunk) {
    Accumulator accumulators[std::size_t{kRows}][kWide];
    auto* saved = reinterpret_cast<Accumulator*>(chunk.accumulators);
    TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
      TWOFOUR_UNROLL for (std::size_t v = 0; v < kWide; ++v) {
        accumulators[r][v] = chunk.zero_accumulators ? Ops::zero() : saved[r * kWide + v];
      }
    }
    constexpr int kUnrolled = 8;  // words that are unrolled
    const std::byte* a = chunk.activations;
    const auto* words = reinterpret_cast<const Word*>(chunk.words);
    for (std::int64_t step = 0; step < chunk.steps; ++step) {
      for (int first = 0; first < L::kWords; first += kUnrolled) {
        TWOFOUR_UNROLL for (int w = 0; w < kUnrolled; ++w, words += kWide) {
          TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
            const auto activation = Ops::broadcast(a + static_cast<std::int64_t>(r) * L::kRowBytes +
                                                   w * L::kWordActivationBytes);
            TWOFOUR_UNROLL for (std::size_t v = 0; v < kWide; ++v)
                Ops::add(accumulators[r][v], activation, words[v]);
          }
        }
        a += kUnrolled * L::kWordActivationBytes;
      }
      a += (kRows - 1) * L::kRowBytes;
    }
    TWOFOUR_UNROLL for (std::size_t r = 0; r < kRows; ++r) {
      TWOFOUR_UNROLL for (std::size_t v = 0; v < kWide; ++v) saved[r * kWide + v] =
          accumulators[r][v];
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
    const std::int64_t blocks = std::min(block_count(shape.m, kMaxRows), kGroupBlocks);
    const std::int64_t groups = std::min(block_count(shape.n, static_cast<int>(kColumns) * kPanels),
                                         kGroupPanels / kPanels);
    return static_cast<std::size_t>(kChunkBytes + blocks * groups * kBlockAccumulatorBytes);
  }

  static void run(const RunArgs& args) {
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; block += kGroupBlocks) {
      const Range blocks{block, std::min(block + kGroupBlocks, args.blocks.end)};
      for (std::int64_t panel = args.panels.begin; panel < args.panels.end; panel += kGroupPanels) {
        const Range panels{panel, std::min(panel + kGroupPanels, args.panels.end)};
        multiply_all(args, panels, blocks);
        store_all(args, panels, blocks);
      }
    }
  }

  static constexpr Kernel kernel(std::string_view name, Isa isa, DataType type, int min_rows) {
    return {.name = name,
            .isa = isa,
            .needs = kCompiledFor,
            .type = type,
            .sparsity = Sparsity::kDense,
            .panel_columns = static_cast<int>(kColumns),
            .max_rows = kMaxRows,
            .min_rows = min_rows,
            .k_multiple = static_cast<int>(kStepDepth),
            .packed_b_bytes = L::packed_b_bytes,
            .pack_b = L::pack_b,
            .packed_a_bytes = Activations<Format, kMaxRows>::packed_a_bytes,
            .pack_a = Activations<Format, kMaxRows>::pack_a,
            .scratch_bytes = scratch_bytes,
            .run = run};
  }

 private:
  static std::byte* accumulators_of(const RunArgs& args, Range panels, Range blocks,
                                    std::int64_t panel, std::int64_t block) {
    const std::int64_t index =
        (panel - panels.begin) / kPanels * (blocks.end - blocks.begin) + block - blocks.begin;
    return args.scratch + kChunkBytes + index * kBlockAccumulatorBytes;
  }

  static Range rows_of(const RunArgs& args, std::int64_t block) {
    return rows_of_block(args.shape.m, block_count(args.shape.m, kMaxRows), block);
  }

  static void multiply_all(const RunArgs& args, Range panels, Range blocks) {
    const std::int64_t k_steps = steps(args.shape.k);
    for (std::int64_t step = 0; step < k_steps; step += kChunkSteps) {
      const std::int64_t count = std::min(kChunkSteps, k_steps - step);
      for (std::int64_t panel = panels.begin; panel < panels.end; panel += kPanels) {
        const std::int64_t bytes = L::panel_bytes(args.shape.k);
        const std::byte* packed =
            args.packed_b + panel * bytes + L::kHeaderBytes + step * L::kStepBytes;
        // The last of an odd number of panels is alone.
        const bool all_panels = panels.end - panel >= kPanels;
        const auto& multiply_rows = all_panels ? kMultiply<kPanels> : kMultiply<1>;
        all_panels ? expand<kPanels>(packed, bytes, count, args.scratch)
                   : expand<1>(packed, bytes, count, args.scratch);
        for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
          if (blocks.begin == args.blocks.begin) {
            // Prefetches the chunk of the next panels, a share of it with each row block.
            for (int p = 0; p < kPanels; ++p) {
              prefetch_share(packed + (kPanels + p) * bytes, count * L::kStepBytes,
                             block - blocks.begin, blocks.end - blocks.begin);
            }
          }
          const Range rows = rows_of(args, block);
          const std::int64_t height = rows.end - rows.begin;
          multiply_rows[static_cast<std::size_t>(height - 1)](
              {.activations = args.packed_a + (rows.begin * k_steps + height * step) * L::kRowBytes,
               .words = args.scratch,
               .steps = count,
               .accumulators = accumulators_of(args, panels, blocks, panel, block),
               .zero_accumulators = step == 0});
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

  /// Widens `count` k-steps of kCount panels, `bytes` apart, to words [step][word][panel][vector].
  template <int kCount>
  static void expand(const std::byte* packed, std::int64_t bytes, std::int64_t count,
                     std::byte* scratch) {
    constexpr std::int64_t kLoads = L::kWords / Ops::kLoadWords;
    constexpr std::size_t kWide = kCount * kVectors;
    auto* to = reinterpret_cast<Word*>(scratch);
    for (std::int64_t i = 0; i < count * kLoads; ++i, packed += L::kStepBytes / kLoads) {
      TWOFOUR_UNROLL for (std::size_t p = 0; p < kCount; ++p) {
        Word words[std::size_t{Ops::kLoadWords}][kVectors];
        Ops::load(packed + static_cast<std::int64_t>(p) * bytes, words);
        TWOFOUR_UNROLL for (std::size_t w = 0; w < std::size_t{Ops::kLoadWords}; ++w) {
          TWOFOUR_UNROLL for (std::size_t v = 0; v < kVectors; ++v) {
            to[w * kWide + p * kVectors + v] = words[w][v];
          }
        }
      }
      to += Ops::kLoadWords * kWide;
    }
  }

  static void store_all(const RunArgs& args, Range panels, Range blocks) {
    for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
      const ColumnEpilogue epilogue(args.output, args.shape.n, panel * kColumns);
      const std::int64_t first = (panel - panels.begin) / kPanels * kPanels + panels.begin;
      const bool all_panels = panels.end - first >= kPanels;
      const std::size_t wide = (all_panels ? kPanels : 1) * kVectors;
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        auto* accumulators =
            reinterpret_cast<Accumulator*>(accumulators_of(args, panels, blocks, panel, block)) +
            static_cast<std::size_t>(panel - first) * kVectors;
        const Range rows = rows_of(args, block);
        for (std::int64_t row = rows.begin; row < rows.end; ++row, accumulators += wide) {
          if constexpr (Format::kNanColumns) {
            Ops::add_nan_columns(args.packed_b + panel * L::panel_bytes(args.shape.k),
                                 accumulators);
          }
          Ops::store(epilogue, row, accumulators);
        }
      }
    }
  }
};
