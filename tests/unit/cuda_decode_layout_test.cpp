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

/// A value as it is stored: the bits of a number.
template <DataType kType>
using Code = typename operands::Format<kType>::Code;

/// Value `index` of row `row` for the instruction whose descriptor starts `start` bytes into the
/// unit: rows are 128 bytes apart, groups of 8 rows 1024 (the stride of the descriptor).
template <DataType kType>
Code<kType> value_at(const std::uint8_t* unit, int start, int row, int index) {
  const auto address = static_cast<std::size_t>(start + row / 8 * 1024 + row % 8 * 128) +
                       static_cast<std::size_t>(index) * sizeof(Code<kType>);
  Code<kType> value{};
  std::memcpy(&value, unit + swizzle(address), sizeof(value));
  return value;
}

/// The metadata word of `step` in vector `vector` of the unit.
std::uint32_t metadata_of(const std::uint8_t* unit, int vector, int step) {
  std::uint32_t word = 0;
  std::memcpy(&word, unit + 8192 + vector * 16 + step * 4, sizeof(word));
  return word;
}

/// Index in its group of four of kept value `value` of row `row`, as the instruction sees it.
///
/// m64nNk64, 8 bits: a thread's word holds 8 groups: bit 0 of the lane adds 8 rows, bit 1 selects
/// the upper 32 columns, the other bits are the row in a block of 8, and each warp has 16 rows.
///
/// m64nNk32, 16 bits, sparsity selector 0: lanes with bit 1 set are not looked at. A word's lower
/// half holds 4 groups of the row in a block of 8 that the upper bits of the lane are, its upper
/// half the same of the row 8 below; bit 0 of the lane selects the upper 16 columns.
template <DataType kType>
int index_of(const std::uint8_t* unit, int step, int row, int value) {
  const int group = value / 2;
  const int in_warp = row % 16;
  if (sizeof(Code<kType>) == 1) {
    const int lane = in_warp % 8 * 4 + in_warp / 8 + (group >= 8 ? 2 : 0);
    const std::uint32_t word =
        metadata_of(unit, metadata_vector(kType, row / 16 * 32 + lane), step);
    return static_cast<int>(word >> (group % 8 * 4 + value % 2 * 2) & 3u);
  }
  const int lane = in_warp % 8 * 4 + (group >= 4 ? 1 : 0);
  const std::uint32_t word = metadata_of(unit, metadata_vector(kType, row / 16 * 32 + lane), step);
  return static_cast<int>(word >> (in_warp / 8 * 16 + group % 4 * 4 + value % 2 * 2) & 3u);
}

template <DataType kType>
std::vector<Code<kType>> random_weight(std::int64_t n, std::int64_t k, unsigned seed, bool prune) {
  std::mt19937 random(seed);
  std::vector<Code<kType>> b(static_cast<std::size_t>(n * k));
  for (auto& value : b) value = static_cast<Code<kType>>(random() % 4 == 0 ? 0 : random());
  if (prune) operands::prune_two_four(kType, b.data(), n, k, 1);
  return b;
}

template <DataType kType, Sparsity kSparsity>
Memory pack(const std::vector<Code<kType>>& b, std::int64_t n, std::int64_t k) {
  Memory source(b.size() * sizeof(b[0]));
  std::memcpy(source.data(), b.data(), b.size() * sizeof(b[0]));
  Memory packed(static_cast<std::size_t>(packed_bytes(kType, kSparsity, n, k)), 0xA5);
  for (std::int64_t item = 0; item < piece_count(kType, kSparsity, n, k); ++item) {
    pack_piece<kType, kSparsity>(source.data(), n, k, item, packed.data());
  }
  return packed;
}

/// A row of the weight as the instructions see it, laid out over whole chunks.
template <DataType kType, Sparsity kSparsity>
std::vector<Code<kType>> row_seen(std::uint8_t* packed, std::int64_t row, std::int64_t k) {
  constexpr int kValues = 32 / sizeof(Code<kType>);  // of a row that an instruction reads
  constexpr int kStep = kSparsity == Sparsity::kTwoFour ? 2 * kValues : kValues;
  const std::int64_t chunk_count = (k + 4 * kStep - 1) / (4 * kStep);
  std::vector<Code<kType>> seen(static_cast<std::size_t>(chunk_count * 4 * kStep));
  const auto in_unit = static_cast<int>(row % 64);
  for (std::int64_t chunk = 0; chunk < chunk_count; ++chunk) {
    const std::uint8_t* unit =
        packed + (row / 64 * chunk_count + chunk) * unit_bytes(kType, kSparsity);
    for (int step = 0; step < 4; ++step) {
      for (int i = 0; i < kValues; ++i) {
        std::int64_t column = (chunk * 4 + step) * kStep + i;
        if (kSparsity == Sparsity::kTwoFour) {
          column = (chunk * 4 + step) * kStep + i / 2 * 4 + index_of<kType>(unit, step, in_unit, i);
          // Two values of a group never claim the same place.
          EXPECT_EQ(seen[static_cast<std::size_t>(column)], 0);
        }
        seen[static_cast<std::size_t>(column)] = value_at<kType>(unit, 32 * step, in_unit, i);
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

template <DataType kType, Sparsity kSparsity>
void expect_rows_as_packed() {
  for (const auto [n, k] : kShapes) {
    SCOPED_TRACE(testing::Message() << n << " x " << k);
    const auto b = random_weight<kType>(n, k, 7, kSparsity == Sparsity::kTwoFour);
    Memory packed = pack<kType, kSparsity>(b, n, k);
    for (std::int64_t row = 0; row < row_tiles(n) * kUnitRows; ++row) {
      std::vector<Code<kType>> seen = row_seen<kType, kSparsity>(packed.data(), row, k);
      std::vector<Code<kType>> expected(seen.size());
      if (row < n) std::copy_n(b.begin() + row * k, k, expected.begin());
      ASSERT_EQ(seen, expected) << "row " << row;
    }
  }
}

TEST(DecodeLayout, TwoFourRowsAreWhatTheInstructionsRead) {
  expect_rows_as_packed<DataType::kInt8, Sparsity::kTwoFour>();
}

TEST(DecodeLayout, DenseRowsAreWhatTheInstructionsRead) {
  expect_rows_as_packed<DataType::kInt8, Sparsity::kDense>();
}

TEST(DecodeLayout, WideTwoFourRowsAreWhatTheInstructionsRead) {
  expect_rows_as_packed<DataType::kBf16, Sparsity::kTwoFour>();
  expect_rows_as_packed<DataType::kFp16, Sparsity::kTwoFour>();
}

TEST(DecodeLayout, WideDenseRowsAreWhatTheInstructionsRead) {
  expect_rows_as_packed<DataType::kBf16, Sparsity::kDense>();
}

template <DataType kType>
void expect_valid_nibbles() {
  const auto b = random_weight<kType>(70, 304, 9, true);
  Memory packed = pack<kType, Sparsity::kTwoFour>(b, 70, 304);
  constexpr int kUnit = unit_bytes(kType, Sparsity::kTwoFour);
  for (std::size_t unit = 0; unit < packed.bytes() / kUnit; ++unit) {
    for (int vector = 0; vector < metadata_bytes(kType) / 16; ++vector) {
      for (int step = 0; step < 4; ++step) {
        const std::uint32_t word = metadata_of(packed.data() + unit * kUnit, vector, step);
        for (unsigned nibble = 0; nibble < 8; ++nibble) {
          EXPECT_TRUE(operands::valid_nibble(word >> (4 * nibble) & 15u));
        }
      }
    }
  }
}

TEST(DecodeLayout, EveryMetadataNibbleIsValid) {
  expect_valid_nibbles<DataType::kInt8>();
  expect_valid_nibbles<DataType::kBf16>();
}

TEST(DecodeLayout, UnitsKeepTheAlignmentOfSwizzledMatrices) {
  for (const DataType type : {DataType::kInt8, DataType::kBf16}) {
    EXPECT_EQ(unit_bytes(type, Sparsity::kTwoFour) % 1024, 0);
    EXPECT_EQ(unit_bytes(type, Sparsity::kDense) % 1024, 0);
  }
}

}  // namespace
}  // namespace twofour::providers::cuda::sm90
