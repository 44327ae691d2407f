// The column-lanes product: a block of rows times one tile group, over consecutive steps.
//
// Unit names the vectors: kLanes columns, kTiles tiles at once, kDepth k in a 32-bit word (1: a float32;
// 2: a pair of bfloat16), kSparsity, and the operations
//   load_sum, store_sum, zero          vectors of float32 sums
//   load_word(values)                  a word of each column
//   broadcast(activations)             dense: one word for all columns
//   group(activations), indices(codes), next(indices), select(group, indices)
//                                      2:4: four activations, and the word that each column needs of them
//   multiply_add(sum, activations, word)

/// Activations: for each group of four k, kRows rows of four elements (4 * 4 / kDepth bytes each).
template <class Unit, int kRows>
struct Product {
  static constexpr bool kDense = Unit::kSparsity == Sparsity::kDense;
  static constexpr int kTiles = Unit::kTiles;
  static constexpr int kGroupWords = (kDense ? 4 : 2) / Unit::kDepth;
  // Bounds of arrays of vectors, which a std::array would strip of their attributes.
  static constexpr auto kRowCount = static_cast<std::size_t>(kRows);
  static constexpr auto kTileCount = static_cast<std::size_t>(kTiles);
  static constexpr auto kWordCount = static_cast<std::size_t>(kGroupWords);
  using Sums = typename Unit::Sum[kRowCount][kTileCount];
  using TileIndices = typename Unit::Indices[kTileCount];
  static constexpr std::int64_t kRowBytes = 16 / Unit::kDepth;  ///< of one group
  static constexpr std::int64_t kWordBytes = Unit::kLanes * 4;
  static constexpr std::int64_t kTileBytes = kStepGroups * kGroupWords * kWordBytes;
  /// How far ahead of the reading position packed weights are asked for.
  static constexpr std::int64_t kPrefetchBytes = 4096;

  struct Steps {
    const std::byte* words = nullptr;    ///< of the first step, tile after tile
    std::int64_t word_stride = 0;        ///< bytes from step to step
    const std::byte* indices = nullptr;  ///< of the first step, tile after tile
    std::int64_t index_stride = 0;
    std::int64_t count = 0;
    const std::byte* ahead = nullptr;  ///< packed bytes to ask for, step after step, or null
    std::int64_t ahead_stride = 0;
  };

  /// Adds to `sums`, [kRows][sum_stride] with the tiles' columns first; `fresh` starts from zero.
  static void run(const Steps& steps, const std::byte* activations, bool fresh, float* sums,
                  std::int64_t sum_stride) {
    Sums sum;
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kTiles; ++t) {
        sum[r][t] = fresh ? Unit::zero() : Unit::load_sum(sums + r * sum_stride + t * Unit::kLanes);
      }
    }
    Steps at = steps;
    for (std::int64_t step = 0; step < steps.count; ++step) {
      if (at.ahead != nullptr) {
        for (std::int64_t byte = 0; byte < at.ahead_stride; byte += 64) {
          __builtin_prefetch(at.ahead + kPrefetchBytes + byte);
        }
        at.ahead += at.ahead_stride;
      }
      add_step(at, activations, sum);
      at.words += at.word_stride;
      at.indices += at.index_stride;
      activations += kStepGroups * kRows * kRowBytes;
    }
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kTiles; ++t) {
        Unit::store_sum(sums + r * sum_stride + t * Unit::kLanes, sum[r][t]);
      }
    }
  }

 private:
  static void add_step(const Steps& at, const std::byte* activations,
                       Sums& sum) {
    if constexpr (kDense) {
      for (int g = 0; g < kStepGroups; ++g, activations += kRows * kRowBytes) {
        for (int j = 0; j < kGroupWords; ++j) {
          add_dense(at.words + (g * kGroupWords + j) * kWordBytes, activations + 4 * j, sum);
        }
      }
    } else {
      TileIndices indices;
      for (int t = 0; t < kTiles; ++t) indices[t] = Unit::indices(at.indices + t * kWordBytes);
      for (int g = 0; g < kStepGroups; ++g, activations += kRows * kRowBytes) {
        add_two_four(at.words + g * kGroupWords * kWordBytes, activations, indices, sum);
      }
    }
  }

  static void add_dense(const std::byte* words, const std::byte* activations,
                        Sums& sum) {
    typename Unit::Word word[kTileCount];
    for (int t = 0; t < kTiles; ++t) word[t] = Unit::load_word(words + t * kTileBytes);
    for (int r = 0; r < kRows; ++r) {
      const auto activation = Unit::broadcast(activations + r * kRowBytes);
      for (int t = 0; t < kTiles; ++t) {
        sum[r][t] = Unit::multiply_add(sum[r][t], activation, word[t]);
      }
    }
  }

  static void add_two_four(const std::byte* words, const std::byte* activations,
                           TileIndices& indices,
                           Sums& sum) {
    typename Unit::Word word[kWordCount][kTileCount];
    typename Unit::Control control[kWordCount][kTileCount];
    for (int j = 0; j < kGroupWords; ++j) {
      for (int t = 0; t < kTiles; ++t) {
        word[j][t] = Unit::load_word(words + t * kTileBytes + j * kWordBytes);
        control[j][t] = Unit::control(indices[t]);
        indices[t] = Unit::next(indices[t]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      const auto group = Unit::group(activations + r * kRowBytes);
      for (int j = 0; j < kGroupWords; ++j) {
        for (int t = 0; t < kTiles; ++t) {
          sum[r][t] =
              Unit::multiply_add(sum[r][t], Unit::select(group, control[j][t]), word[j][t]);
        }
      }
    }
  }
};
