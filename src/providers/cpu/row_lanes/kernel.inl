// The row-lanes kernels: 2:4 with many rows. A vector lane is a row of A, so a weight is broadcast
// to all lanes, and which activation it is multiplied with is an address instead of a shuffle. For
// each group of four k, pack A's elements are laid out as a table of all choices that a column can
// make of the group, and the group's code in packed B is the entry to multiply with:
//
//   table     [block of 64 k][16 groups][kChoices][kVectors vectors of rows]
//             kDepth 2: six pairs of elements (kPairOrder); kDepth 1: the four elements, used twice
//
// One thread's share, from outermost to innermost:
//
//   for each group of row blocks (kGroupBlocks) and of panels (panels_per_group)
//     for each range of k whose table fits the first-level cache (k_blocks_per_table)
//       for each row block               fill_table()
//         for each panel                 run_panel()
//           for each batch of columns    multiply(): accumulators in registers, to scratch and back
//     store(): the epilogue
//
// Scratch memory:
//   table          kTableBytes
//   words          [8 columns][kWordBytes]: weights of a block of k, widened
//   accumulators   [row block][panel][64 columns][vectors of rows], 32 bits each
//
// An odd row, one more than whole vectors hold, does not get a vector of its own: lanes are then k
// of that row, its kept activations are gathered by shuffles (add_odd), and its accumulators are
// summed over the lanes in the end.
//
// Ops are the vector operations of one instruction set and format; a vector is kLanes rows, a word
// is 32 bits:
//   kBlockRows, kSpareRows         rows of a row block, see RowBlocks
//   kTableBytes                    first-level cache that the table may take
//   kAccumulatorBytes              second-level cache that accumulators may take
//   kGroupBlocks                   row blocks of a group: all of them read a panel's weights while
//                                  these are in cache
//   Accumulator, Scalar            a vector of accumulators, and one lane of it
//   zero, load_accumulator, store_accumulator
//   choices(activations, stride, to, choice_stride)
//                                  fills the table for one group and one vector of rows
//   words(values, scratch)         a column's values of a block of k as words in memory
//   four(words), word<i>(four)     word i of four in all lanes
//   address(choice)                the address of a choice in the form that add() reads fastest
//   add(accumulator, choice, word) accumulator += *choice * word
//   batch(vectors)                 columns of a batch
//   kOddBytes                      bytes of the odd row's activations of a block of k
//   odd_activations(elements, to)  prepares them for add_odd
//   add_odd(accumulator, activations, codes, words)
//                                  accumulator += products of one column, one block of k and the
//                                  odd row, spread over the lanes
//   to_float(accumulator)

template <class Ops, class Format>
struct RowLanes {
  using Blocks = RowBlocks<Ops::kBlockRows, Ops::kSpareRows, Ops::kLanes>;
  using L = RowLayout<Format, Blocks>;
  using Element = typename Format::Element;
  using Accumulator = typename Ops::Accumulator;
  static constexpr std::int64_t kVectorBytes = Ops::kLanes * 4;
  static constexpr int kMaxVectors = Blocks::kMaxRows / Ops::kLanes;
  static constexpr bool kPairs = Format::kDepth == 2;
  static constexpr int kChoices = kPairs ? 6 : 4;
  static constexpr int kWordsPerGroup = kPairs ? 1 : 2;
  static constexpr std::int64_t kGroupBlocks = Ops::kGroupBlocks;
  static constexpr std::int64_t kWordBytes = kBlockGroups * kWordsPerGroup * 4;
  static constexpr std::int64_t kTableBytes = Ops::kTableBytes;

  /// Columns of a batch: enough independent accumulators to hide the latency of a product.
  static constexpr int batch(int vectors) { return Ops::batch(vectors); }
  /// Bytes from choice to choice in the table. Three vectors take the space of four: a stride of 96
  /// bytes was slower.
  static constexpr std::int64_t choice_stride(int vectors) {
    return (vectors == 3 ? 4 : vectors) * kVectorBytes;
  }

  /// Blocks of k whose table fits kTableBytes. The more, the less often accumulators move between
  /// registers and scratch.
  static constexpr std::int64_t k_blocks_per_table(int vectors, bool odd) {
    return kTableBytes /
           (kBlockGroups * kChoices * choice_stride(vectors) + (odd ? Ops::kOddBytes : 0));
  }
  static_assert(k_blocks_per_table(kMaxVectors, true) > 0);

  struct Columns {
    const std::byte* codes;   ///< packed B of the batch's first column: [blocks][kBlockBytes]
    const std::byte* values;  ///< the same for its values
    std::int64_t blocks;      ///< blocks of k
    const std::byte* table;
    std::byte* words;             ///< scratch: [columns of the batch][kWordBytes]
    std::uint32_t* accumulators;  ///< [column][vector], then a vector for the odd row
    bool zero_accumulators;       ///< the first k: start from zero instead of reading them
  };

  /// The micro-kernel: a batch of columns times one row block of kVectors vectors, for the k of the
  /// table.
  template <int kVectors, bool kOdd>
  static void multiply(const Columns& columns) {
    constexpr int kBatch = batch(kVectors);
    constexpr std::int64_t kStride = choice_stride(kVectors);
    constexpr std::int64_t kAccumulators = (kVectors + kOdd) * Ops::kLanes;
    if (kOdd && columns.zero_accumulators) {
      for (int c = 0; c < kBatch; ++c) {
        std::fill_n(columns.accumulators + c * kAccumulators + kVectors * Ops::kLanes, Ops::kLanes,
                    0U);
      }
    }
    Accumulator accumulators[std::size_t{kBatch}][std::size_t{kVectors}];
    TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
      TWOFOUR_UNROLL for (int v = 0; v < kVectors; ++v) {
        accumulators[c][v] =
            columns.zero_accumulators
                ? Ops::zero()
                : Ops::load_accumulator(columns.accumulators + c * kAccumulators + v * Ops::kLanes);
      }
    }
    const std::byte* table = columns.table;
    const std::byte* packed_codes = columns.codes;
    const std::byte* packed_values = columns.values;
    for (std::int64_t block = 0; block < columns.blocks; ++block) {
      std::uint64_t codes[std::size_t{kBatch}];
      const std::byte* words[std::size_t{kBatch}];
      TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
        std::memcpy(&codes[c], packed_codes + c * L::kCodeBytes, sizeof(codes[c]));
        words[c] = Ops::words(packed_values + c * L::kValueBytes, columns.words + c * kWordBytes);
      }
      if constexpr (kOdd) {
        const std::byte* odd = table + kBlockGroups * kChoices * kStride;
        for (int c = 0; c < kBatch; ++c) {
          std::uint32_t* to = columns.accumulators + c * kAccumulators + kVectors * Ops::kLanes;
          Accumulator accumulator = Ops::load_accumulator(to);
          Ops::add_odd(accumulator, odd, packed_codes + c * L::kCodeBytes, words[c]);
          Ops::store_accumulator(to, accumulator);
        }
      }
      packed_codes += L::kBlockBytes;
      packed_values += L::kBlockBytes;
      for (int quad = 0; quad < static_cast<int>(kWordBytes / 16); ++quad) {
        typename Ops::Four four[std::size_t{kBatch}];
        TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) four[c] = Ops::four(words[c] + quad * 16);
        add_quad<kVectors>(table, codes, four, accumulators);
        table += 4 / kWordsPerGroup * kChoices * kStride;
      }
      if constexpr (kOdd) table += Ops::kOddBytes;
    }
    TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
      TWOFOUR_UNROLL for (int v = 0; v < kVectors; ++v) {
        Ops::store_accumulator(columns.accumulators + c * kAccumulators + v * Ops::kLanes,
                               accumulators[c][v]);
      }
    }
  }

  /// Four words of each column of the batch times the choices that their codes name.
  template <int kVectors, class Codes, class Fours, class Accumulators>
  [[gnu::always_inline]] static void add_quad(const std::byte* table, Codes& codes,
                                              const Fours& four, Accumulators& accumulators) {
    constexpr int kBatch = batch(kVectors);
    constexpr std::int64_t kStride = choice_stride(kVectors);
    // Offset of the choice in the table: code * kStride = (code << kShift) * kFactor. Rotating puts
    // the code's bits at kShift, so that one rotation and one mask do for the extraction and the
    // shift.
    constexpr int kShift = std::countr_zero(static_cast<std::uint64_t>(kStride));
    constexpr std::uint64_t kFactor = static_cast<std::uint64_t>(kStride) >> kShift;
    constexpr int kCodeBits = kPairs ? 4 : 2;
    constexpr std::uint64_t kMask = ((std::uint64_t{1} << kCodeBits) - 1) << kShift;
    unrolled<4>([&](auto i) __attribute__((always_inline)) {
      constexpr std::int64_t kGroup = i() / kWordsPerGroup * kChoices * kStride;
      constexpr int kRight = static_cast<int>(i()) * kCodeBits - kShift;
      TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
        const auto word = Ops::template word<i()>(four[c]);
        const std::uint64_t offset = (std::rotr(codes[c], kRight) & kMask) * kFactor;
        const std::byte* choice = Ops::address(table + kGroup + offset);
        TWOFOUR_UNROLL for (int v = 0; v < kVectors; ++v) {
          Ops::add(accumulators[c][v], choice + v * kVectorBytes, word);
        }
      }
    });
    TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) codes[c] >>= 4 * kCodeBits;
  }

  using Multiply = void (*)(const Columns&);
  /// Entry v - 1 is for v vectors of rows.
  template <bool kOdd>
  static constexpr auto kMultiply = []<int... i>(std::integer_sequence<int, i...>) {
    return std::array<Multiply, std::size_t{kMaxVectors}>{multiply<i + 1, kOdd>...};
  }
  (std::make_integer_sequence<int, kMaxVectors>{});

  // One thread's share.

  /// Panels of a group: as many as have accumulators within kAccumulatorBytes.
  static std::int64_t panels_per_group(std::int64_t m) {
    const std::int64_t rows =
        round_up(std::min<std::int64_t>(m, kGroupBlocks * Ops::kBlockRows), Ops::kLanes);
    return std::max<std::int64_t>(1, Ops::kAccumulatorBytes / (rows * kPanelColumns * 4));
  }

  static std::size_t scratch_bytes(const GemmShape& shape) {
    const std::int64_t blocks = std::min(Blocks::count(shape.m), kGroupBlocks);
    const std::int64_t rows =
        (Blocks::max_vectors(shape.m) + Blocks::has_odd(shape.m)) * Ops::kLanes;
    const std::int64_t panels =
        std::min(panels_per_group(shape.m), block_count(shape.n, static_cast<int>(kPanelColumns)));
    return static_cast<std::size_t>(kTableBytes + kWordScratchBytes +
                                    blocks * rows * panels * kPanelColumns * 4);
  }

  static void run(const RunArgs& args) {
    const std::int64_t group = panels_per_group(args.shape.m);
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; block += kGroupBlocks) {
      const Range blocks{block, std::min(block + kGroupBlocks, args.blocks.end)};
      for (std::int64_t panel = args.panels.begin; panel < args.panels.end; panel += group) {
        run_panels(args, {panel, std::min(panel + group, args.panels.end)}, blocks);
      }
    }
  }

  static constexpr Kernel kernel(std::string_view name, Isa isa, DataType type, int min_rows) {
    return {.name = name,
            .isa = isa,
            .needs = kCompiledFor,
            .type = type,
            .sparsity = Sparsity::kTwoFour,
            .panel_columns = static_cast<int>(kPanelColumns),
            .max_rows = Ops::kBlockRows,
            .spare_rows = Ops::kSpareRows,
            .min_rows = min_rows,
            .k_multiple = static_cast<int>(kBlockDepth),
            .packed_b_bytes = L::packed_b_bytes,
            .pack_b = L::pack_b,
            .packed_a_bytes = L::packed_a_bytes,
            .pack_a = L::template pack_a<Ops::kLanes>,
            .scratch_bytes = scratch_bytes,
            .run = run};
  }

 private:
  static constexpr std::int64_t kWordScratchBytes = 8 * kWordBytes;

  /// A row block with its packed A and its accumulators in scratch.
  struct RowBlock : BlockRows {
    const std::byte* activations;
    std::uint32_t* accumulators;  ///< [panel][column][vector]

    [[nodiscard]] std::int64_t column_accumulators() const { return (vectors + odd) * Ops::kLanes; }
  };

  static RowBlock row_block(const RunArgs& args, Range panels, Range blocks, std::int64_t block) {
    const std::int64_t m = args.shape.m;
    const std::int64_t stride = (Blocks::max_vectors(m) + Blocks::has_odd(m)) * Ops::kLanes;
    auto* accumulators =
        reinterpret_cast<std::uint32_t*>(args.scratch + kTableBytes + kWordScratchBytes);
    return {Blocks::rows(m, block), args.packed_a + block * L::packed_a_stride(m, args.shape.k),
            accumulators +
                (block - blocks.begin) * (panels.end - panels.begin) * kPanelColumns * stride};
  }

  static void run_panels(const RunArgs& args, Range panels, Range blocks) {
    const std::int64_t k_count = k_blocks(args.shape.k);
    for (std::int64_t k = 0; k < k_count;) {
      const std::int64_t m = args.shape.m;
      const Range k_range{
          k, std::min(k + k_blocks_per_table(Blocks::max_vectors(m), Blocks::has_odd(m)), k_count)};
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        const RowBlock rows = row_block(args, panels, blocks, block);
        fill_table(rows, k_range, k_count, args.scratch);
        for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
          run_panel(args, panel, rows, k_range,
                    rows.accumulators +
                        (panel - panels.begin) * kPanelColumns * rows.column_accumulators(),
                    block == blocks.begin);
        }
      }
      k = k_range.end;
    }
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      store(args, panels, row_block(args, panels, blocks, block));
    }
  }

  static void fill_table(const RowBlock& rows, Range k_range, std::int64_t k_count,
                         std::byte* table) {
    const std::int64_t stride = choice_stride(rows.vectors);
    const std::int64_t vector = Ops::kLanes * static_cast<std::int64_t>(sizeof(Element));
    const std::int64_t row_bytes = rows.vectors * vector;
    const std::byte* odd = rows.activations + k_count * kBlockDepth * row_bytes;
    for (std::int64_t block = k_range.begin; block < k_range.end; ++block) {
      for (std::int64_t g = block * kBlockGroups; g < (block + 1) * kBlockGroups; ++g) {
        const std::byte* from = rows.activations + 4 * g * row_bytes;
        for (int v = 0; v < rows.vectors; ++v) {
          Ops::choices(from + v * vector, row_bytes, table + v * kVectorBytes, stride);
        }
        table += kChoices * stride;
      }
      if (!rows.odd) continue;
      Ops::odd_activations(odd + block * kBlockDepth * static_cast<std::int64_t>(sizeof(Element)),
                           table);
      table += Ops::kOddBytes;
    }
  }

  static void run_panel(const RunArgs& args, std::int64_t panel, const RowBlock& rows,
                        Range k_range, std::uint32_t* accumulators, bool prefetch_next) {
    const std::byte* packed = args.packed_b + panel * L::panel_bytes(args.shape.k) +
                              L::kHeaderBytes + k_range.begin * L::kBlockBytes;
    const std::int64_t bytes = (k_range.end - k_range.begin) * L::kBlockBytes;
    const int step = batch(rows.vectors);
    const std::int64_t columns = std::min(kPanelColumns, args.shape.n - panel * kPanelColumns);
    const auto index = static_cast<std::size_t>(rows.vectors - 1);
    const auto multiply_columns = rows.odd ? kMultiply<true>[index] : kMultiply<false>[index];
    for (std::int64_t column = 0; column < columns; column += step) {
      if (prefetch_next) {
        // Prefetches the same k of the next panel, a share of it with each batch of columns.
        const std::byte* next = packed + L::panel_bytes(args.shape.k);
        for (std::int64_t i = bytes * column / kPanelColumns / 64 * 64;
             i < bytes * (column + step) / kPanelColumns; i += 64) {
          __builtin_prefetch(next + i);
        }
      }
      multiply_columns({.codes = packed + column * L::kCodeBytes,
                        .values = packed + kPanelColumns * L::kCodeBytes + column * L::kValueBytes,
                        .blocks = k_range.end - k_range.begin,
                        .table = args.scratch,
                        .words = args.scratch + kTableBytes,
                        .accumulators = accumulators + column * rows.column_accumulators(),
                        .zero_accumulators = k_range.begin == 0});
    }
  }

  /// The epilogue of one row block. Accumulators are [column][row] in scratch, D is [row][column]:
  /// they are transposed for sixteen columns of a row at a time.
  static void store(const RunArgs& args, Range panels, const RowBlock& rows) {
    const std::int64_t stride = rows.column_accumulators();
    for (std::int64_t column = panels.begin * kPanelColumns;
         column < std::min(panels.end * kPanelColumns, args.shape.n); column += 16) {
      const ColumnEpilogue epilogue(args.output, args.shape.n, column);
      const std::uint32_t* accumulators =
          rows.accumulators + (column - panels.begin * kPanelColumns) * stride;
      const std::byte* nan_columns = args.packed_b +
                                     column / kPanelColumns * L::panel_bytes(args.shape.k) +
                                     column % kPanelColumns * 4;
      alignas(64) std::uint32_t transposed[16];
      for (std::int64_t row = 0; row < rows.count - rows.odd; ++row) {
        TWOFOUR_UNROLL for (int j = 0; j < 16; ++j) transposed[j] = accumulators[j * stride + row];
        store_row(epilogue, rows.begin + row, transposed, nan_columns);
      }
      if (rows.odd) {
        for (int j = 0; j < 16; ++j)
          transposed[j] = total(accumulators + j * stride + rows.vectors * Ops::kLanes);
        store_row(epilogue, rows.begin + rows.count - 1, transposed, nan_columns);
      }
    }
  }

  /// Sum over the lanes of one vector of accumulators.
  static std::uint32_t total(const std::uint32_t* accumulators) {
    typename Ops::Scalar lanes[Ops::kLanes];
    std::memcpy(lanes, accumulators, sizeof(lanes));
    for (int half = Ops::kLanes / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    }
    return std::bit_cast<std::uint32_t>(lanes[0]);
  }

  [[gnu::always_inline]] static void store_row(const ColumnEpilogue& epilogue, std::int64_t row,
                                               const std::uint32_t* accumulators,
                                               const std::byte* nan_columns) {
    constexpr int kCount = 16 / Ops::kLanes;
    typename Ops::Vectors::Floats values[std::size_t{kCount}];
    TWOFOUR_UNROLL for (int v = 0; v < kCount; ++v) {
      values[v] = Ops::to_float(Ops::load_accumulator(accumulators + v * Ops::kLanes));
      if constexpr (Format::kNanColumns) {
        const auto* start = reinterpret_cast<const float*>(nan_columns + v * kVectorBytes);
        values[v] = Ops::Vectors::add(values[v], Ops::Vectors::load(start));
      }
    }
    epilogue.store(row, values);
  }
};
