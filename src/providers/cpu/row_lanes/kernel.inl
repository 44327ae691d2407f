// The row-lanes product and its kernels.
//
// Unit names the vectors of one instruction set and format; kLanes rows are a vector, a word is 32
// bits:
//   kSumBytes                           sums that stay in the second-level cache
//   kBlockRows, kSpareRows              rows of a row block, see RowBlocks
//   kTableBytes                         what the table may take of the first-level cache
//   kBlocksTogether                     row blocks whose sums are kept together, so that a block of
//                                       weights serves them all
//   Sum, zero, load_sum, store_sum      sums; Scalar is what a lane of them is
//   choices(activations, stride, to, choice_stride)
//                                       from the four vectors of a group of k, the table's entries
//   words(values, scratch)              a column's packed values of a block as words, in memory
//   four(words), word<i>(four)          a word for all rows
//   address(choice)                     where a choice is, as add reads it
//   add(sum, choice, word)              sum += product; the choice is read from memory
//   batch(vectors)                      columns at once
//   kOddBytes                           the odd row's activations of a block of k, as add_odd reads
//                                       them
//   odd_activations(elements, to)       makes them
//   add_odd(sum, activations, codes, words)
//                                       sum += products of a column and block of the odd row, in
//                                       any lanes
//   to_float(sum)                       sums as float32

template <class Unit, class Format>
struct RowLanes {
  using Blocks = RowBlocks<Unit::kBlockRows, Unit::kSpareRows, Unit::kLanes>;
  using L = RowLayout<Format, Blocks>;
  using Element = typename Format::Element;
  using Sum = typename Unit::Sum;
  static constexpr std::int64_t kVectorBytes = Unit::kLanes * 4;
  static constexpr int kMaxVectors = Blocks::kMost / Unit::kLanes;
  static constexpr bool kPairs = Format::kDepth == 2;
  static constexpr int kChoices = kPairs ? 6 : 4;
  static constexpr int kGroupWords = kPairs ? 1 : 2;
  static constexpr std::int64_t kBlocksTogether = Unit::kBlocksTogether;
  static constexpr std::int64_t kWordBytes = kBlockGroups * kGroupWords * 4;
  static constexpr std::int64_t kTableBytes = Unit::kTableBytes;

  /// Columns at once: enough sums that none waits for its last product.
  static constexpr int batch(int vectors) { return Unit::batch(vectors); }
  /// Bytes from choice to choice. Three vectors take the place of four: with 96 bytes all was
  /// slower.
  static constexpr std::int64_t choice_stride(int vectors) {
    return (vectors == 3 ? 4 : vectors) * kVectorBytes;
  }

  /// Blocks of k that go through the table together: the more, the less often sums are loaded and
  /// stored.
  static constexpr std::int64_t together(int vectors, bool odd) {
    return kTableBytes /
           (kBlockGroups * kChoices * choice_stride(vectors) + (odd ? Unit::kOddBytes : 0));
  }
  static_assert(together(kMaxVectors, true) > 0);

  struct Columns {
    const std::byte* codes;   ///< of the first column, in the first block of k
    const std::byte* values;  ///< likewise
    std::int64_t blocks;      ///< of k
    const std::byte* table;
    std::byte* words;     ///< scratch
    std::uint32_t* sums;  ///< [column][vector]; the odd row's, one for each lane, are a vector more
    bool fresh;           ///< sums start from zero
  };

  template <int kVectors, bool kOdd>
  static void multiply(const Columns& columns) {
    constexpr int kBatch = batch(kVectors);
    constexpr std::int64_t kStride = choice_stride(kVectors);
    constexpr std::int64_t kSums = (kVectors + kOdd) * Unit::kLanes;
    if (kOdd && columns.fresh) {
      for (int c = 0; c < kBatch; ++c) {
        std::fill_n(columns.sums + c * kSums + kVectors * Unit::kLanes, Unit::kLanes, 0U);
      }
    }
    Sum sums[std::size_t{kBatch}][std::size_t{kVectors}];
    TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
      TWOFOUR_UNROLL for (int v = 0; v < kVectors; ++v) {
        sums[c][v] = columns.fresh ? Unit::zero()
                                   : Unit::load_sum(columns.sums + c * kSums + v * Unit::kLanes);
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
        words[c] = Unit::words(packed_values + c * L::kValueBytes, columns.words + c * kWordBytes);
      }
      if constexpr (kOdd) {
        const std::byte* odd = table + kBlockGroups * kChoices * kStride;
        for (int c = 0; c < kBatch; ++c) {
          std::uint32_t* to = columns.sums + c * kSums + kVectors * Unit::kLanes;
          Sum sum = Unit::load_sum(to);
          Unit::add_odd(sum, odd, packed_codes + c * L::kCodeBytes, words[c]);
          Unit::store_sum(to, sum);
        }
      }
      packed_codes += L::kBlockBytes;
      packed_values += L::kBlockBytes;
      for (int quad = 0; quad < static_cast<int>(kWordBytes / 16); ++quad) {
        typename Unit::Four four[std::size_t{kBatch}];
        TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) four[c] = Unit::four(words[c] + quad * 16);
        add_quad<kVectors>(table, codes, four, sums);
        table += 4 / kGroupWords * kChoices * kStride;
      }
      if constexpr (kOdd) table += Unit::kOddBytes;
    }
    TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
      TWOFOUR_UNROLL for (int v = 0; v < kVectors; ++v) {
        Unit::store_sum(columns.sums + c * kSums + v * Unit::kLanes, sums[c][v]);
      }
    }
  }

  template <int kVectors, class Codes, class Fours, class Sums>
  [[gnu::always_inline]] static void add_quad(const std::byte* table, Codes& codes,
                                              const Fours& four, Sums& sums) {
    constexpr int kBatch = batch(kVectors);
    constexpr std::int64_t kStride = choice_stride(kVectors);
    // The code times a power of two is shifted into place before all else is masked away.
    constexpr int kShift = std::countr_zero(static_cast<std::uint64_t>(kStride));
    constexpr std::uint64_t kFactor = static_cast<std::uint64_t>(kStride) >> kShift;
    constexpr int kCodeBits = kPairs ? 4 : 2;
    constexpr std::uint64_t kMask = ((std::uint64_t{1} << kCodeBits) - 1) << kShift;
    unrolled<4>([&](auto i) __attribute__((always_inline)) {
      constexpr std::int64_t kGroup = i() / kGroupWords * kChoices * kStride;
      constexpr int kRight = static_cast<int>(i()) * kCodeBits - kShift;
      TWOFOUR_UNROLL for (int c = 0; c < kBatch; ++c) {
        const auto word = Unit::template word<i()>(four[c]);
        const std::uint64_t offset = (std::rotr(codes[c], kRight) & kMask) * kFactor;
        const std::byte* choice = Unit::address(table + kGroup + offset);
        TWOFOUR_UNROLL for (int v = 0; v < kVectors; ++v) {
          Unit::add(sums[c][v], choice + v * kVectorBytes, word);
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

  // --- One thread's share.

  /// Panels whose sums are kept while all of K goes by.
  static std::int64_t panels_together(std::int64_t m) {
    const std::int64_t rows =
        round_up(std::min<std::int64_t>(m, kBlocksTogether * Unit::kBlockRows), Unit::kLanes);
    return std::max<std::int64_t>(1, Unit::kSumBytes / (rows * kPanelColumns * 4));
  }

  static std::size_t scratch_bytes(const GemmShape& shape) {
    const std::int64_t blocks = std::min(Blocks::count(shape.m), kBlocksTogether);
    const std::int64_t rows =
        (Blocks::most_vectors(shape.m) + Blocks::has_odd(shape.m)) * Unit::kLanes;
    const std::int64_t panels =
        std::min(panels_together(shape.m), block_count(shape.n, static_cast<int>(kPanelColumns)));
    return static_cast<std::size_t>(kTableBytes + kWordScratchBytes +
                                    blocks * rows * panels * kPanelColumns * 4);
  }

  static void run(const RunArgs& args) {
    const std::int64_t group = panels_together(args.shape.m);
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end;
         block += kBlocksTogether) {
      const Range blocks{block, std::min(block + kBlocksTogether, args.blocks.end)};
      for (std::int64_t panel = args.panels.begin; panel < args.panels.end; panel += group) {
        run_panels(args, {panel, std::min(panel + group, args.panels.end)}, blocks);
      }
    }
  }

  static constexpr Kernel kernel(std::string_view name, Isa isa, DataType type, int min_rows) {
    return {.name = name,
            .isa = isa,
            .type = type,
            .sparsity = Sparsity::kTwoFour,
            .panel_columns = static_cast<int>(kPanelColumns),
            .max_rows = Unit::kBlockRows,
            .spare_rows = Unit::kSpareRows,
            .min_rows = min_rows,
            .k_multiple = static_cast<int>(kBlockDepth),
            .packed_bytes = L::packed_bytes,
            .pack = L::pack,
            .converted_bytes = L::converted_bytes,
            .convert = L::template convert<Unit::kLanes>,
            .scratch_bytes = scratch_bytes,
            .run = run};
  }

 private:
  static constexpr std::int64_t kWordScratchBytes = 8 * kWordBytes;

  /// Rows of a block, and where its sums lie in scratch.
  struct RowBlock : BlockRows {
    const std::byte* activations;
    std::uint32_t* sums;  ///< [panel][column][vector]

    [[nodiscard]] std::int64_t column_sums() const { return (vectors + odd) * Unit::kLanes; }
  };

  static RowBlock row_block(const RunArgs& args, Range panels, Range blocks, std::int64_t block) {
    const std::int64_t m = args.shape.m;
    const std::int64_t stride = (Blocks::most_vectors(m) + Blocks::has_odd(m)) * Unit::kLanes;
    auto* sums = reinterpret_cast<std::uint32_t*>(args.scratch + kTableBytes + kWordScratchBytes);
    return {Blocks::rows(m, block), args.converted + block * L::converted_stride(m, args.shape.k),
            sums + (block - blocks.begin) * (panels.end - panels.begin) * kPanelColumns * stride};
  }

  static void run_panels(const RunArgs& args, Range panels, Range blocks) {
    const std::int64_t k_count = k_blocks(args.shape.k);
    for (std::int64_t k = 0; k < k_count;) {
      const std::int64_t m = args.shape.m;
      const Range depth{
          k, std::min(k + together(Blocks::most_vectors(m), Blocks::has_odd(m)), k_count)};
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        const RowBlock rows = row_block(args, panels, blocks, block);
        fill_table(rows, depth, k_count, args.scratch);
        for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
          run_panel(args, panel, rows, depth,
                    rows.sums + (panel - panels.begin) * kPanelColumns * rows.column_sums(),
                    block == blocks.begin);
        }
      }
      k = depth.end;
    }
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      store(args, panels, row_block(args, panels, blocks, block));
    }
  }

  static void fill_table(const RowBlock& rows, Range depth, std::int64_t k_count,
                         std::byte* table) {
    const std::int64_t stride = choice_stride(rows.vectors);
    const std::int64_t vector = Unit::kLanes * static_cast<std::int64_t>(sizeof(Element));
    const std::int64_t row_bytes = rows.vectors * vector;
    const std::byte* odd = rows.activations + k_count * kBlockDepth * row_bytes;
    for (std::int64_t block = depth.begin; block < depth.end; ++block) {
      for (std::int64_t g = block * kBlockGroups; g < (block + 1) * kBlockGroups; ++g) {
        const std::byte* from = rows.activations + 4 * g * row_bytes;
        for (int v = 0; v < rows.vectors; ++v) {
          Unit::choices(from + v * vector, row_bytes, table + v * kVectorBytes, stride);
        }
        table += kChoices * stride;
      }
      if (!rows.odd) continue;
      Unit::odd_activations(odd + block * kBlockDepth * static_cast<std::int64_t>(sizeof(Element)),
                            table);
      table += Unit::kOddBytes;
    }
  }

  static void run_panel(const RunArgs& args, std::int64_t panel, const RowBlock& rows, Range depth,
                        std::uint32_t* sums, bool ahead) {
    const std::byte* packed = args.packed + panel * L::panel_bytes(args.shape.k) + L::kHeaderBytes +
                              depth.begin * L::kBlockBytes;
    const std::int64_t bytes = (depth.end - depth.begin) * L::kBlockBytes;
    const int step = batch(rows.vectors);
    const std::int64_t columns = std::min(kPanelColumns, args.shape.n - panel * kPanelColumns);
    const auto index = static_cast<std::size_t>(rows.vectors - 1);
    const auto multiply_columns = rows.odd ? kMultiply<true>[index] : kMultiply<false>[index];
    for (std::int64_t column = 0; column < columns; column += step) {
      if (ahead) {
        // A share of the next panel's part.
        const std::byte* next = packed + L::panel_bytes(args.shape.k);
        for (std::int64_t i = bytes * column / kPanelColumns / 64 * 64;
             i < bytes * (column + step) / kPanelColumns; i += 64) {
          __builtin_prefetch(next + i);
        }
      }
      multiply_columns({.codes = packed + column * L::kCodeBytes,
                        .values = packed + kPanelColumns * L::kCodeBytes + column * L::kValueBytes,
                        .blocks = depth.end - depth.begin,
                        .table = args.scratch,
                        .words = args.scratch + kTableBytes,
                        .sums = sums + column * rows.column_sums(),
                        .fresh = depth.begin == 0});
    }
  }

  /// Sixteen columns of a row at a time.
  static void store(const RunArgs& args, Range panels, const RowBlock& rows) {
    const std::int64_t stride = rows.column_sums();
    for (std::int64_t column = panels.begin * kPanelColumns;
         column < std::min(panels.end * kPanelColumns, args.shape.n); column += 16) {
      const ColumnEpilogue epilogue(args.output, args.shape.n, column);
      const std::uint32_t* sums = rows.sums + (column - panels.begin * kPanelColumns) * stride;
      const std::byte* starts = args.packed +
                                column / kPanelColumns * L::panel_bytes(args.shape.k) +
                                column % kPanelColumns * 4;
      alignas(64) std::uint32_t turned[16];
      for (std::int64_t row = 0; row < rows.count - rows.odd; ++row) {
        TWOFOUR_UNROLL for (int j = 0; j < 16; ++j) turned[j] = sums[j * stride + row];
        store_row(epilogue, rows.begin + row, turned, starts);
      }
      if (rows.odd) {
        for (int j = 0; j < 16; ++j)
          turned[j] = total(sums + j * stride + rows.vectors * Unit::kLanes);
        store_row(epilogue, rows.begin + rows.count - 1, turned, starts);
      }
    }
  }

  /// The sums of all lanes as one.
  static std::uint32_t total(const std::uint32_t* sums) {
    typename Unit::Scalar lanes[Unit::kLanes];
    std::memcpy(lanes, sums, sizeof(lanes));
    for (int half = Unit::kLanes / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    }
    return std::bit_cast<std::uint32_t>(lanes[0]);
  }

  [[gnu::always_inline]] static void store_row(const ColumnEpilogue& epilogue, std::int64_t row,
                                               const std::uint32_t* sums, const std::byte* starts) {
    constexpr int kCount = 16 / Unit::kLanes;
    typename Unit::Vectors::Floats values[std::size_t{kCount}];
    TWOFOUR_UNROLL for (int v = 0; v < kCount; ++v) {
      values[v] = Unit::to_float(Unit::load_sum(sums + v * Unit::kLanes));
      if constexpr (Format::kStarts) {
        const auto* start = reinterpret_cast<const float*>(starts + v * kVectorBytes);
        values[v] = Unit::Vectors::add(values[v], Unit::Vectors::load(start));
      }
    }
    epilogue.store(row, values);
  }
};
