// The column-lanes kernels: one thread's share, row block by row block and panel by panel, as
// micro-kernel calls.

using MicroKernelFunction = void (*)(const MicroKernelArgs&);

/// Micro-kernels of r rows: by one panel, and by Ops::panels_at_once(r) panels.
struct MicroKernels {
  MicroKernelFunction one;
  MicroKernelFunction several;
};

template <class Ops, class Format, Sparsity kSparsity, int kMaxRows>
struct ColumnLanes {
  using L = Layout<Format, kSparsity>;

  /// Entry r - 1 is for r rows.
  static constexpr auto kMicroKernels = []<int... i>(std::integer_sequence<int, i...>) {
    return std::array<MicroKernels, std::size_t{kMaxRows}>{MicroKernels{
        MicroKernel<Ops, Format, kSparsity, i + 1, 1>::run,
        MicroKernel<Ops, Format, kSparsity, i + 1, Ops::panels_at_once(i + 1)>::run}...};
  }
  (std::make_integer_sequence<int, kMaxRows>{});

  static void run(const RunArgs& args) {
    const std::int64_t k_steps = steps(args.shape.k);
    const std::int64_t bytes = L::panel_bytes(args.shape.k);
    const auto run_tiles = [&](Range panels, Range rows, Visit) {
      const auto count = static_cast<int>(rows.end - rows.begin);
      const MicroKernels& tiles = kMicroKernels[static_cast<std::size_t>(count - 1)];
      const std::int64_t several = Ops::panels_at_once(count);
      for (std::int64_t panel = panels.begin; panel < panels.end;) {
        const bool enough = panels.end - panel >= several;
        (enough ? tiles.several
                : tiles.one)({.run = args,
                              .activations = args.packed_a + rows.begin * k_steps * L::kRowBytes,
                              .panel = args.packed_b + panel * bytes,
                              .panel_bytes = bytes,
                              .steps = k_steps,
                              .row = rows.begin,
                              .column = panel * kColumns});
        panel += enough ? several : 1;
      }
    };
    for_each_tile(args, kMaxRows, resident_panels(bytes), run_tiles);
  }

  static constexpr Kernel kernel(std::string_view name, Isa isa, DataType type) {
    return {.name = name,
            .isa = isa,
            .needs = kCompiledFor,
            .type = type,
            .sparsity = kSparsity,
            .panel_columns = static_cast<int>(kColumns),
            .max_rows = kMaxRows,
            .k_multiple = static_cast<int>(kStepDepth),
            .packed_b_bytes = L::packed_b_bytes,
            .pack_b = L::pack_b,
            .packed_a_bytes = Activations<Format, kMaxRows>::packed_a_bytes,
            .pack_a = Activations<Format, kMaxRows>::pack_a,
            .scratch_bytes = nullptr,
            .run = run};
  }
};
