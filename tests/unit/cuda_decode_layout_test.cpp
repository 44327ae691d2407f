// Packed units, read as the matrix instructions read them: a model on the host of
// wgmma.mma_async[.sp] with operands in swizzled shared memory, written from the PTX ISA and not
// from layout.h, multiplies what pack_piece packed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <vector>

#include "operands/two_four.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/pack.h"

namespace twofour::providers::cuda::sm90 {
namespace {

/// Bytes of a unit in the order of shared memory, aligned so that a vector can be loaded anywhere.
struct alignas(16) Aligned {
  std::uint8_t bytes[16];
};
class Memory {
 public:
  explicit Memory(std::size_t bytes, std::uint8_t fill = 0)
      : data_((bytes + 15) / 16), bytes_(bytes) {
    for (Aligned& line : data_) std::fill(std::begin(line.bytes), std::end(line.bytes), fill);
  }
  [[nodiscard]] std::uint8_t* data() { return data_.data()->bytes; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::vector<Aligned> data_;
  std::size_t bytes_;
};

/// The 128-byte swizzle: bits 4..6 of an address are flipped by bits 7..9.
std::size_t swizzle(std::size_t address) { return address ^ ((address >> 7 & 7) << 4); }

/// Value byte `byte` of row `row` for the instruction whose descriptor starts `start` bytes into
/// the unit: rows are 128 bytes apart, groups of 8 rows 1024 (the stride of the descriptor).
std::int8_t value_at(const std::uint8_t* unit, int start, int row, int byte) {
  const auto address = static_cast<std::size_t>(start + row / 8 * 1024 + row % 8 * 128 + byte);
  return static_cast<std::int8_t>(unit[swizzle(address)]);
}

/// The metadata word that thread `thread` of the warpgroup passes at `step`.
std::uint32_t metadata_of(const std::uint8_t* unit, int thread, int step) {
  std::uint32_t word = 0;
  std::memcpy(&word, unit + 8192 + thread * 16 + step * 4, sizeof(word));
  return word;
}

/// Index in its group of four of the kept value `byte` (0..31) of row `row`. In m64nNk64 a thread's
/// word holds 8 groups: bit 0 of the lane adds 8 rows, bit 1 selects the upper 32 columns, the
/// other bits are the row in a block of 8, and each warp has 16 rows.
int index_of(const std::uint8_t* unit, int step, int row, int byte) {
  const int group = byte / 2;
  const int lane = row % 8 * 4 + row % 16 / 8 + (group >= 8 ? 2 : 0);
  const std::uint32_t word = metadata_of(unit, row / 16 * 32 + lane, step);
  return static_cast<int>(word >> (group % 8 * 4 + byte % 2 * 2) & 3u);
}

std::vector<std::int8_t> random_weight(std::int64_t n, std::int64_t k, unsigned seed, bool prune) {
  std::mt19937 random(seed);
  std::vector<std::int8_t> b(static_cast<std::size_t>(n * k));
  for (auto& value : b) value = static_cast<std::int8_t>(random() % 4 == 0 ? 0 : random());
  if (prune) operands::prune_two_four(DataType::kInt8, b.data(), n, k, 1);
  return b;
}

template <Sparsity kSparsity>
Memory pack(const std::vector<std::int8_t>& b, std::int64_t n, std::int64_t k) {
  Memory source(b.size());
  std::memcpy(source.data(), b.data(), b.size());
  Memory packed(static_cast<std::size_t>(packed_bytes(kSparsity, n, k)), 0xA5);
  for (std::int64_t item = 0; item < piece_count(kSparsity, n, k); ++item) {
    pack_piece<DataType::kInt8, kSparsity>(source.data(), n, k, item, packed.data());
  }
  return packed;
}

/// A row of the weight as the instructions see it, laid out over whole chunks.
template <Sparsity kSparsity>
std::vector<std::int8_t> row_seen(std::uint8_t* packed, std::int64_t row, std::int64_t k) {
  const std::int64_t chunk_count = chunks(kSparsity, k);
  std::vector<std::int8_t> seen(static_cast<std::size_t>(chunk_count * chunk_columns(kSparsity)));
  const auto in_unit = static_cast<int>(row % 64);
  for (std::int64_t chunk = 0; chunk < chunk_count; ++chunk) {
    const std::uint8_t* unit = packed + (row / 64 * chunk_count + chunk) * unit_bytes(kSparsity);
    for (int step = 0; step < 4; ++step) {
      for (int byte = 0; byte < 32; ++byte) {
        const std::int8_t value = value_at(unit, 32 * step, in_unit, byte);
        std::int64_t column = chunk * 128 + step * 32 + byte;
        if (kSparsity == Sparsity::kTwoFour) {
          column = chunk * 256 + step * 64 + byte / 2 * 4 + index_of(unit, step, in_unit, byte);
          // Two values of a group never claim the same place.
          EXPECT_EQ(seen[static_cast<std::size_t>(column)], 0);
        }
        seen[static_cast<std::size_t>(column)] = value;
      }
    }
  }
  return seen;
}

struct Shape {
  std::int64_t n;
  std::int64_t k;
};
constexpr Shape kShapes[] = {{64, 256}, {1, 16}, {65, 272}, {130, 1040}, {200, 528}};

template <Sparsity kSparsity>
void expect_rows_as_packed() {
  for (const auto [n, k] : kShapes) {
    SCOPED_TRACE(testing::Message() << n << " x " << k);
    const auto b = random_weight(n, k, 7, kSparsity == Sparsity::kTwoFour);
    Memory packed = pack<kSparsity>(b, n, k);
    for (std::int64_t row = 0; row < row_tiles(n) * kUnitRows; ++row) {
      std::vector<std::int8_t> expected(
          static_cast<std::size_t>(chunks(kSparsity, k) * chunk_columns(kSparsity)));
      if (row < n) std::copy_n(b.begin() + row * k, k, expected.begin());
      ASSERT_EQ(row_seen<kSparsity>(packed.data(), row, k), expected) << "row " << row;
    }
  }
}

TEST(DecodeLayout, TwoFourRowsAreWhatTheInstructionsRead) {
  expect_rows_as_packed<Sparsity::kTwoFour>();
}

TEST(DecodeLayout, DenseRowsAreWhatTheInstructionsRead) {
  expect_rows_as_packed<Sparsity::kDense>();
}

TEST(DecodeLayout, EveryMetadataNibbleIsValid) {
  const auto b = random_weight(70, 304, 9, true);
  Memory packed = pack<Sparsity::kTwoFour>(b, 70, 304);
  constexpr int kUnit = unit_bytes(Sparsity::kTwoFour);
  for (std::size_t unit = 0; unit < packed.bytes() / kUnit; ++unit) {
    for (int thread = 0; thread < 128; ++thread) {
      for (int step = 0; step < 4; ++step) {
        const std::uint32_t word = metadata_of(packed.data() + unit * kUnit, thread, step);
        for (unsigned nibble = 0; nibble < 8; ++nibble) {
          EXPECT_TRUE(operands::valid_nibble(word >> (4 * nibble) & 15u));
        }
      }
    }
  }
}

TEST(DecodeLayout, UnitsKeepTheAlignmentOfSwizzledMatrices) {
  EXPECT_EQ(unit_bytes(Sparsity::kTwoFour) % 1024, 0);
  EXPECT_EQ(unit_bytes(Sparsity::kDense) % 1024, 0);
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
