// Kernel functions over layout.inl and product.inl: activations, one thread's share of a launch.

template <class Unit, class Format>
struct ColumnLanes {
  using L = Layout<Unit, Format>;
  using Stored = typename Format::Stored;
  using Value = decltype(Format::decode(Stored{}));  ///< a bfloat16 code, or a float
  static_assert(sizeof(Value) * Unit::kDepth == 4);
  static constexpr int kMaxRows = Unit::kMaxRows;
  /// Row blocks whose sums are kept together, so that a k-block of weights serves them all.
  static constexpr std::int64_t kBlocksTogether = 16;
  /// Packed elements are words already.
  static constexpr bool kPackedAreWords = sizeof(Stored) == sizeof(Value);
  static constexpr std::int64_t kWordBytes = L::kTiles * L::kTileElements *
                                             static_cast<std::int64_t>(sizeof(Value));  ///< a step

  static std::size_t converted_bytes(std::int64_t m, std::int64_t k) {
    return static_cast<std::size_t>(block_count(m, kMaxRows) * block_stride(k));
  }

  /// Sums of one panel, then the decoded words of one tile group's k-block.
  static std::size_t scratch_bytes(const GemmShape& /*shape*/) {
    return static_cast<std::size_t>(kSumBytes + (kPackedAreWords ? 0 : kBlockSteps * kWordBytes));
  }

  /// Row block after row block, group after group: four values of each row.
  static void convert(const ConvertArgs& args) {
    const std::int64_t row_blocks = block_count(args.m, kMaxRows);
    const auto* activations = static_cast<const Stored*>(args.activations);
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      const Range rows = rows_of_block(args.m, row_blocks, block);
      const std::int64_t count = rows.end - rows.begin;
      auto* to = reinterpret_cast<Value*>(args.converted + block * block_stride(args.k));
      std::memset(to, 0, static_cast<std::size_t>(block_stride(args.k)));
      for (std::int64_t row = 0; row < count; ++row) {
        const Stored* from = activations + (rows.begin + row) * args.k;
        Value* column = to + 4 * row;
        std::int64_t k = 0;
        for (; k + 4 <= args.k; k += 4, column += 4 * count) {
          for (std::int64_t i = 0; i < 4; ++i) column[i] = Format::decode(from[k + i]);
        }
        for (; k < args.k; ++k) column[k % 4] = Format::decode(from[k]);
      }
    }
  }

  static void run(const RunArgs& args) {
    for (std::int64_t first = args.blocks.begin; first < args.blocks.end;
         first += kBlocksTogether) {
      const Range together{first, std::min(first + kBlocksTogether, args.blocks.end)};
      for (std::int64_t panel = args.panels.begin; panel < args.panels.end; ++panel) {
        run_panel(args, panel, together);
      }
    }
  }

 private:
  static constexpr std::int64_t kSumBytes = kBlocksTogether * kMaxRows * kPanelColumns * 4;

  static std::int64_t block_stride(std::int64_t k) {
    return steps(k) * kStepDepth * kMaxRows * static_cast<std::int64_t>(sizeof(Value));
  }

  /// `steps.words` where the packed elements are not words: decodes them into `words`.
  static void decode(const std::byte* packed, std::int64_t step_count, std::byte* words) {
    for (std::int64_t step = 0; step < step_count; ++step) {
      const auto* stored = reinterpret_cast<const Stored*>(packed + step * L::kStepBytes);
      auto* values = reinterpret_cast<Value*>(words + step * kWordBytes);
      for (std::int64_t i = 0; i < L::kTiles * L::kTileElements; ++i) {
        values[i] = Format::decode(stored[i]);
      }
    }
  }

  static void run_panel(const RunArgs& args, std::int64_t panel, Range together) {
    const std::int64_t k_steps = steps(args.shape.k);
    const std::int64_t columns = std::min(kPanelColumns, args.shape.n - panel * kPanelColumns);
    const std::int64_t tile_groups =
        (columns + L::kTiles * L::kLanes - 1) / (L::kTiles * L::kLanes);
    const std::byte* packed = args.packed + panel * L::panel_bytes(args.shape.k);
    for (std::int64_t first = 0; first < k_steps; first += kBlockSteps) {
      for (std::int64_t tiles = 0; tiles < tile_groups; ++tiles) {
        run_tiles(args, packed + L::step_offset(k_steps, first, tiles), first, tiles, together);
      }
    }
    store(args, panel, columns, together);
  }

  /// One k-block of one tile group, with all row blocks of `together`.
  static void run_tiles(const RunArgs& args, const std::byte* packed, std::int64_t first_step,
                        std::int64_t tiles, Range together) {
    const std::int64_t count = std::min(kBlockSteps, steps(args.shape.k) - first_step);
    const std::byte* words = packed;
    if constexpr (!kPackedAreWords) {
      decode(packed, count, args.scratch + kSumBytes);
      words = args.scratch + kSumBytes;
    }
    const std::int64_t row_blocks = block_count(args.shape.m, kMaxRows);
    auto* sums = reinterpret_cast<float*>(args.scratch) + tiles * L::kTiles * L::kLanes;
    for (std::int64_t block = together.begin; block < together.end; ++block) {
      const Range rows = rows_of_block(args.shape.m, row_blocks, block);
      const std::int64_t row_count = rows.end - rows.begin;
      const std::byte* activations =
          args.converted + block * block_stride(args.shape.k) +
          first_step * kStepDepth * row_count * static_cast<std::int64_t>(sizeof(Value));
      with_rows<kMaxRows>(row_count, [&](auto constant_rows) {
        using P = Product<Unit, constant_rows()>;
        // The first row block reads weights that nobody has read yet.
        const std::byte* ahead = block == together.begin ? packed : nullptr;
        P::run({.words = words,
                .word_stride = kPackedAreWords ? L::kStepBytes : kWordBytes,
                .indices = packed + L::kTiles * L::kTileBytes,
                .index_stride = L::kStepBytes,
                .count = count,
                .ahead = ahead,
                .ahead_stride = L::kStepBytes},
               activations, first_step == 0,
               sums + (block - together.begin) * kMaxRows * kPanelColumns, kPanelColumns);
      });
    }
  }

  /// Calls `body` with `rows`, 1 to kRows, as a constant.
  template <int kRows, class Body>
  static void with_rows(std::int64_t rows, Body body) {
    if constexpr (kRows == 1) {
      body(std::integral_constant<int, 1>{});
    } else if (rows == kRows) {
      body(std::integral_constant<int, kRows>{});
    } else {
      with_rows<kRows - 1>(rows, body);
    }
  }

  static void store(const RunArgs& args, std::int64_t panel, std::int64_t columns, Range together) {
    const std::int64_t row_blocks = block_count(args.shape.m, kMaxRows);
    const Range range{panel * kPanelColumns, panel * kPanelColumns + columns};
    const auto* sums = reinterpret_cast<const float*>(args.scratch);
    for (std::int64_t block = together.begin; block < together.end; ++block) {
      const Range rows = rows_of_block(args.shape.m, row_blocks, block);
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const std::int64_t at = (block - together.begin) * kMaxRows + row - rows.begin;
        store_row(args.output, args.shape.n, row, range, sums + at * kPanelColumns);
      }
    }
  }
};

/// The row of kernel_list.inc for one instantiation.
template <class Unit, class Format>
constexpr Kernel column_lanes_kernel(std::string_view name, Isa isa, DataType type) {
  using Functions = ColumnLanes<Unit, Format>;
  return {.name = name,
          .isa = isa,
          .type = type,
          .sparsity = Unit::kSparsity,
          .panel_columns = kPanelColumns,
          .max_rows = Functions::kMaxRows,
          .k_multiple = kStepDepth,
          .packed_bytes = Layout<Unit, Format>::packed_bytes,
          .pack = Layout<Unit, Format>::pack,
          .converted_bytes = Functions::converted_bytes,
          .convert = Functions::convert,
          .scratch_bytes = Functions::scratch_bytes,
          .run = Functions::run};
}
