// How "column lanes" kernels lay weights out. Vector lanes are columns of B. A tile is kLanes columns; a
// step is 32 k of kTiles neighbouring tiles; k-blocks of 16 steps follow each other for each tile group,
// tile groups for each panel of 128 columns, so that a launch with few rows reads one stream.
//
// A step holds the values of each tile, then for 2:4 the indices of each tile:
//   values   word after word: for each of the tile's columns the kDepth elements of one product
//   indices  a 32-bit word for each column: the nibbles i0 | i1 << 2 of the step's eight groups

inline constexpr std::int64_t kPanelColumns = 128;
inline constexpr std::int64_t kStepDepth = 32;  // k
inline constexpr std::int64_t kStepGroups = kStepDepth / 4;
inline constexpr std::int64_t kBlockSteps = 16;

inline std::int64_t steps(std::int64_t k) { return (k + kStepDepth - 1) / kStepDepth; }

template <class Unit, class Format>
struct Layout {
  using Stored = typename Format::Stored;
  static constexpr Sparsity kSparsity = Unit::kSparsity;
  static constexpr bool kDense = kSparsity == Sparsity::kDense;
  static constexpr std::int64_t kLanes = Unit::kLanes;
  static constexpr std::int64_t kTiles = Unit::kTiles;
  static constexpr std::int64_t kDepth = Unit::kDepth;
  static constexpr std::int64_t kTileGroups = kPanelColumns / (kTiles * kLanes);
  static constexpr std::int64_t kGroupWords = (kDense ? 4 : 2) / kDepth;
  static constexpr std::int64_t kTileWords = kStepGroups * kGroupWords;  // each for kLanes columns
  static constexpr std::int64_t kTileElements = kTileWords * kLanes * kDepth;
  static constexpr std::int64_t kTileBytes =
      kTileElements * static_cast<std::int64_t>(sizeof(Stored));
  static constexpr std::int64_t kIndexBytes = kDense ? 0 : kLanes * 4;
  static constexpr std::int64_t kStepBytes = kTiles * (kTileBytes + kIndexBytes);

  static std::int64_t panel_bytes(std::int64_t k) { return kTileGroups * steps(k) * kStepBytes; }

  static std::size_t packed_bytes(std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>((n + kPanelColumns - 1) / kPanelColumns * panel_bytes(k));
  }

  /// Steps [first_step, ...) of tile group `tiles` of a panel with `k_steps` steps.
  static std::int64_t step_offset(std::int64_t k_steps, std::int64_t first_step,
                                  std::int64_t tiles) {
    const std::int64_t block = first_step / kBlockSteps * kBlockSteps;
    const std::int64_t in_block = std::min(kBlockSteps, k_steps - block);
    return (block * kTileGroups + tiles * in_block + first_step - block) * kStepBytes;
  }

  static void pack(const PackArgs& args) {
    const std::int64_t k_steps = steps(args.k);
    for (std::int64_t panel = args.panels.begin; panel < args.panels.end; ++panel) {
      std::byte* packed = args.packed + panel * panel_bytes(args.k);
      std::memset(packed, 0, static_cast<std::size_t>(panel_bytes(args.k)));
      for (std::int64_t tile = 0; tile < kPanelColumns / kLanes; ++tile) {
        const std::int64_t column = panel * kPanelColumns + tile * kLanes;
        const std::int64_t columns = std::min(kLanes, args.n - column);
        for (std::int64_t step = 0; step < k_steps && columns > 0; ++step) {
          std::byte* to = packed + step_offset(k_steps, step, tile / kTiles);
          pack_tile(args, column, columns, step, to + tile % kTiles * kTileBytes,
                    to + kTiles * kTileBytes + tile % kTiles * kIndexBytes);
        }
      }
    }
  }

 private:
  /// One tile of one step.
  static void pack_tile(const PackArgs& args, std::int64_t column, std::int64_t columns,
                        std::int64_t step, std::byte* values, std::byte* indices) {
    std::array<Stored, static_cast<std::size_t>(kTileElements)> elements{};
    std::array<std::uint32_t, static_cast<std::size_t>(kLanes)> codes{};
    const std::int64_t depth = std::min(kStepDepth, args.k - step * kStepDepth);
    for (std::int64_t c = 0; c < columns; ++c) {
      const Stored* from =
          static_cast<const Stored*>(args.weights) + (column + c) * args.k + step * kStepDepth;
      Stored* to = elements.data() + c * kDepth;
      if constexpr (kDense) {
        for (std::int64_t k = 0; k < depth; ++k) to[k / kDepth * kLanes * kDepth + k % kDepth] = from[k];
      } else {
        codes[static_cast<std::size_t>(c)] = compress(from, depth / 4, to);
      }
    }
    std::memcpy(values, elements.data(), sizeof(elements));
    if constexpr (!kDense) std::memcpy(indices, codes.data(), sizeof(codes));
  }

  /// Keeps two of each four and returns the nibbles. The sign bit alone is -0.0, a zero.
  static std::uint32_t compress(const Stored* from, std::int64_t groups, Stored* to) {
    constexpr auto kMagnitude = static_cast<Stored>((1U << (8 * sizeof(Stored) - 1)) - 1);
    std::uint32_t codes = 0;
    for (std::int64_t g = 0; g < groups; ++g) {
      const Stored* group = from + 4 * g;
      unsigned mask = 0;
      for (unsigned i = 0; i < 4; ++i) {
        mask |= static_cast<unsigned>((group[i] & kMagnitude) != 0) << i;
      }
      const auto [first, second] = kKeptPairs[mask];
      for (std::int64_t i = 0; i < 2; ++i) {
        const std::int64_t at = 2 * g + i;
        to[at / kDepth * kLanes * kDepth + at % kDepth] = group[i == 0 ? first : second];
      }
      codes |= (first | static_cast<std::uint32_t>(second) << 2U) << (4 * g);
    }
    return codes;
  }
};
