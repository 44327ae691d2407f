#include "operands/two_four.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/parallel.h"
#include "operands/row_kernels.h"
#include "operands/two_four_group.h"
#include "operands/vector_isa.h"

namespace twofour::operands {
namespace {

/// The two kept values of a group, the first in the low bits.
template <DataType kType>
TWOFOUR_INLINE PairWord<kType> gather_pair(GroupWord<kType> group, KeptPair kept) {
  constexpr unsigned kBits = kCodeBits<kType>;
  constexpr GroupWord<kType> kMask = (GroupWord<kType>{1} << kBits) - 1u;
  const GroupWord<kType> first = (group >> (kept.first * kBits)) & kMask;
  const GroupWord<kType> second = (group >> (kept.second * kBits)) & kMask;
  return static_cast<PairWord<kType>>(first | (second << kBits));
}

template <DataType kType>
TWOFOUR_INLINE GroupWord<kType> scatter_pair(PairWord<kType> pair, std::uint32_t nibble) {
  constexpr unsigned kBits = kCodeBits<kType>;
  constexpr GroupWord<kType> kMask = (GroupWord<kType>{1} << kBits) - 1u;
  const GroupWord<kType> both = pair;
  return (both & kMask) << ((nibble & 3u) * kBits) | (both >> kBits)
                                                         << (((nibble >> 2) & 3u) * kBits);
}

/// One row of b to one row of values and metadata.
template <DataType kType>
struct CompressRow {
  using Code = typename Format<kType>::Code;
  using Word = GroupWord<kType>;
  using Pair = PairWord<kType>;

  TWOFOUR_INLINE static std::uint32_t compress(Word group, Code* __restrict values) {
    const KeptPair kept = kept_pair<kType>(group);
    const Pair pair = gather_pair<kType>(group, kept);
    std::memcpy(values, &pair, sizeof pair);
    return kept.nibble();
  }

  TWOFOUR_INLINE static void run(const Code* __restrict codes, std::int64_t k,
                                 Code* __restrict values, std::uint8_t* __restrict metadata) {
    const std::int64_t bytes = k / 8;
    for (std::int64_t i = 0; i < bytes; ++i) {
      Word low;
      Word high;
      std::memcpy(&low, codes + 8 * i, sizeof low);
      std::memcpy(&high, codes + 8 * i + 4, sizeof high);
      const std::uint32_t low_nibble = compress(low, values + 4 * i);
      const std::uint32_t high_nibble = compress(high, values + 4 * i + 2);
      metadata[i] = static_cast<std::uint8_t>(low_nibble | (high_nibble << 4));
    }
    if (k % 8 == 0) return;
    const std::int64_t middle = std::min(k, 8 * bytes + 4);
    const Word low = load_ragged_group<kType>(codes, 8 * bytes, middle);
    std::uint32_t byte = compress(low, values + 4 * bytes);
    if (middle < k) {
      const Word high = load_ragged_group<kType>(codes, middle, k);
      byte |= compress(high, values + 4 * bytes + 2) << 4;
    }
    metadata[bytes] = static_cast<std::uint8_t>(byte);
  }
};

template <DataType kType>
struct DecompressRow {
  using Code = typename Format<kType>::Code;
  using Word = GroupWord<kType>;
  using Pair = PairWord<kType>;

  TWOFOUR_INLINE static Word decompress(const Code* __restrict values, std::uint32_t nibble) {
    Pair pair;
    std::memcpy(&pair, values, sizeof pair);
    return scatter_pair<kType>(pair, nibble);
  }

  TWOFOUR_INLINE static void run(const Code* __restrict values,
                                 const std::uint8_t* __restrict metadata, std::int64_t k,
                                 Code* __restrict codes) {
    const std::int64_t bytes = k / 8;
    for (std::int64_t i = 0; i < bytes; ++i) {
      const std::uint32_t nibbles = metadata[i];
      const Word low = decompress(values + 4 * i, nibbles & 15u);
      const Word high = decompress(values + 4 * i + 2, nibbles >> 4);
      std::memcpy(codes + 8 * i, &low, sizeof low);
      std::memcpy(codes + 8 * i + 4, &high, sizeof high);
    }
    if (k % 8 == 0) return;
    const std::uint32_t nibbles = metadata[bytes];
    const std::int64_t middle = std::min(k, 8 * bytes + 4);
    store_ragged_group<kType>(decompress(values + 4 * bytes, nibbles & 15u), 8 * bytes, middle,
                              codes);
    if (middle < k) {
      store_ragged_group<kType>(decompress(values + 4 * bytes + 2, nibbles >> 4), middle, k, codes);
    }
  }
};

/// Adds to `bad` the number of groups of one row that have more than two non-zeros.
template <DataType kType>
struct CountBadGroups {
  using Code = typename Format<kType>::Code;
  using Word = GroupWord<kType>;

  TWOFOUR_INLINE static std::uint32_t is_bad(Word group) {
    std::uint32_t non_zeros = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const auto code = static_cast<Code>(group >> (i * kCodeBits<kType>));
      non_zeros += Format<kType>::magnitude(code) != 0 ? 1u : 0u;
    }
    return non_zeros > 2 ? 1u : 0u;
  }

  TWOFOUR_INLINE static void run(const Code* __restrict codes, std::int64_t k,
                                 std::int64_t* __restrict bad) {
    const std::int64_t groups = k / 4;
    std::uint32_t count = 0;
    for (std::int64_t g = 0; g < groups; ++g) {
      Word group;
      std::memcpy(&group, codes + 4 * g, sizeof group);
      count += is_bad(group);
    }
    if (k % 4 != 0) count += is_bad(load_ragged_group<kType>(codes, 4 * groups, k));
    *bad += count;
  }
};

/// Rows of b, values and metadata in one of the four types.
template <DataType kType>
struct Rows {
  using Code = typename Format<kType>::Code;
  std::int64_t k;

  [[nodiscard]] const Code* dense(const void* b, std::int64_t row) const {
    return static_cast<const Code*>(b) + row * k;
  }
  [[nodiscard]] const Code* values(const void* v, std::int64_t row) const {
    return static_cast<const Code*>(v) + row * values_per_row(k);
  }
  [[nodiscard]] Code* dense(void* b, std::int64_t row) const {
    return static_cast<Code*>(b) + row * k;
  }
  [[nodiscard]] Code* values(void* v, std::int64_t row) const {
    return static_cast<Code*>(v) + row * values_per_row(k);
  }
};

/// Calls `body(row)` for all rows, a stretch of rows to a thread.
template <class Body>
void for_each_row(std::int64_t n, int threads, const Body& body) {
  parallel_run(threads, [&](int index, int count) {
    const Range share = thread_share(n, index, count);
    for (std::int64_t row = share.begin; row < share.end; ++row) body(row);
  });
}

/// First row for which `first_bad(row)` names a group. Threads look at stretches of rows in order,
/// so the first finding of the first thread that has one is the first of all.
template <class FirstBad>
std::optional<GroupPosition> first_bad_row(std::int64_t n, int threads, const FirstBad& first_bad) {
  std::vector<std::optional<GroupPosition>> found(static_cast<std::size_t>(threads));
  parallel_run(threads, [&](int index, int count) {
    const Range share = thread_share(n, index, count);
    for (std::int64_t row = share.begin; row < share.end; ++row) {
      if (const std::optional<std::int64_t> group = first_bad(row)) {
        found[static_cast<std::size_t>(index)] = GroupPosition{row, *group};
        return;
      }
    }
  });
  for (const auto& position : found) {
    if (position) return position;
  }
  return std::nullopt;
}

template <DataType kType>
std::optional<std::int64_t> first_bad_group(const typename Format<kType>::Code* codes,
                                            std::int64_t k) {
  for (std::int64_t g = 0; g < groups_per_row(k); ++g) {
    const std::int64_t end = std::min(k, 4 * g + 4);
    if (CountBadGroups<kType>::is_bad(load_ragged_group<kType>(codes, 4 * g, end)) != 0) return g;
  }
  return std::nullopt;
}

template <DataType kType>
std::optional<std::int64_t> first_bad_nibble(const typename Format<kType>::Code* values,
                                             const std::uint8_t* metadata, std::int64_t k) {
  for (std::int64_t g = 0; g < groups_per_row(k); ++g) {
    const std::uint32_t nibble = (std::uint32_t{metadata[g / 2]} >> (g % 2 * 4)) & 15u;
    if (!valid_nibble(nibble)) return g;
    const std::int64_t positions[2] = {4 * g + (nibble & 3u), 4 * g + (nibble >> 2)};
    for (int i = 0; i < 2; ++i) {
      if (positions[i] >= k && Format<kType>::magnitude(values[2 * g + i]) != 0) return g;
    }
  }
  return std::nullopt;
}

}  // namespace

void prune_two_four(DataType type, void* b, std::int64_t n, std::int64_t k, int threads) {
  const VectorIsa isa = widest_vector_isa();
  with_operand_type(type, [&]<DataType kType>() {
    const Rows<kType> rows{k};
    for_each_row(n, threads, [&](std::int64_t row) {
      with_vector_isa<PruneRow<kType>>(isa, rows.dense(b, row), k);
    });
  });
}

void compress_two_four(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
                       std::uint8_t* metadata, int threads) {
  const VectorIsa isa = widest_vector_isa();
  with_operand_type(type, [&]<DataType kType>() {
    const Rows<kType> rows{k};
    for_each_row(n, threads, [&](std::int64_t row) {
      with_vector_isa<CompressRow<kType>>(isa, rows.dense(b, row), k, rows.values(values, row),
                                          metadata + row * metadata_bytes_per_row(k));
    });
  });
}

void decompress_two_four(DataType type, const void* values, const std::uint8_t* metadata,
                         std::int64_t n, std::int64_t k, void* b, int threads) {
  const VectorIsa isa = widest_vector_isa();
  with_operand_type(type, [&]<DataType kType>() {
    const Rows<kType> rows{k};
    for_each_row(n, threads, [&](std::int64_t row) {
      with_vector_isa<DecompressRow<kType>>(isa, rows.values(values, row),
                                            metadata + row * metadata_bytes_per_row(k), k,
                                            rows.dense(b, row));
    });
  });
}

std::optional<GroupPosition> validate_two_four(DataType type, const void* b, std::int64_t n,
                                               std::int64_t k, int threads) {
  const VectorIsa isa = widest_vector_isa();
  return with_operand_type(type, [&]<DataType kType>() {
    const Rows<kType> rows{k};
    return first_bad_row(n, threads, [&](std::int64_t row) -> std::optional<std::int64_t> {
      std::int64_t bad = 0;
      with_vector_isa<CountBadGroups<kType>>(isa, rows.dense(b, row), k, &bad);
      if (bad == 0) return std::nullopt;
      return first_bad_group<kType>(rows.dense(b, row), k);
    });
  });
}

std::optional<GroupPosition> validate_compressed(DataType type, const void* values,
                                                 const std::uint8_t* metadata, std::int64_t n,
                                                 std::int64_t k, int threads) {
  return with_operand_type(type, [&]<DataType kType>() {
    const Rows<kType> rows{k};
    return first_bad_row(n, threads, [&](std::int64_t row) {
      return first_bad_nibble<kType>(rows.values(values, row),
                                     metadata + row * metadata_bytes_per_row(k), k);
    });
  });
}

}  // namespace twofour::operands
