#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "operands/fill.h"
#include "operands/two_four.h"

namespace twofour::operands {
namespace {

constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                               DataType::kFp16};

/// A weight in any of the four types, made of values that all of them hold exactly.
struct Weight {
  DataType type;
  std::int64_t n;
  std::int64_t k;
  std::vector<std::uint8_t> bytes;

  Weight(DataType t, std::int64_t rows, std::int64_t columns)
      : type(t), n(rows), k(columns), bytes(bytes_of(t, n * k)) {}
  Weight(DataType t, std::int64_t rows, const std::vector<float>& values)
      : Weight(t, rows, static_cast<std::int64_t>(values.size()) / rows) {
    for (std::size_t i = 0; i < values.size(); ++i) set(i, values[i]);
  }
  void set(std::size_t i, float value) {
    with_operand_type(type, [&]<DataType kType>() {
      const auto code = Format<kType>::encode(value);
      std::memcpy(bytes.data() + i * sizeof code, &code, sizeof code);
    });
  }
  [[nodiscard]] std::vector<float> values() const {
    return with_operand_type(type, [&]<DataType kType>() {
      std::vector<float> result;
      for (std::int64_t i = 0; i < n * k; ++i) {
        typename Format<kType>::Code code;
        std::memcpy(&code, bytes.data() + static_cast<std::size_t>(i) * sizeof code, sizeof code);
        result.push_back(Format<kType>::decode(code));
      }
      return result;
    });
  }
  void prune(int threads = 1) { prune_two_four(type, bytes.data(), n, k, threads); }
};

Weight random_weight(DataType type, std::int64_t n, std::int64_t k) {
  std::mt19937 random(static_cast<unsigned>(n * 1000 + k));
  std::vector<float> values;
  for (std::int64_t i = 0; i < n * k; ++i) {
    // Small integers, so that ties and zeros are frequent.
    values.push_back(static_cast<float>(static_cast<int>(random() % 9) - 4));
  }
  return {type, n, values};
}

struct Compressed {
  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> metadata;
};

Compressed compress(const Weight& w, int threads = 1) {
  Compressed c;
  c.values.resize(bytes_of(w.type, w.n * values_per_row(w.k)));
  c.metadata.resize(static_cast<std::size_t>(w.n * metadata_bytes_per_row(w.k)));
  compress_two_four(w.type, w.bytes.data(), w.n, w.k, c.values.data(), c.metadata.data(), threads);
  return c;
}

TEST(Prune, KeepsTheTwoLargestMagnitudesAndTiesGoToTheLowerIndex) {
  for (const DataType type : kTypes) {
    Weight w(type, 1, {1, -4, 3, 2, 5, 5, 5, 5, 0, 2, -2, 2, 1, 2, 3, 4, -7, 0, 0, 0});
    w.prune();
    EXPECT_EQ(w.values(),
              (std::vector<float>{0, -4, 3, 0, 5, 5, 0, 0, 0, 2, -2, 0, 0, 0, 3, 4, -7, 0, 0, 0}));
  }
}

TEST(Prune, TheSmallestInt8IsTheLargestMagnitude) {
  Weight w(DataType::kInt8, 1, {127, -128, 127, 1});
  w.prune();
  EXPECT_EQ(w.values(), (std::vector<float>{127, -128, 0, 0}));
}

TEST(Prune, NegativeZeroIsZeroAndNaNIsKept) {
  for (const DataType type : {DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16}) {
    Weight w(type, 1, {-0.0f, -0.0f, 1, -0.0f, NAN, 3, 4, 2});
    w.prune();
    const std::vector<float> pruned = w.values();
    EXPECT_EQ(pruned[2], 1.0f);
    for (const std::size_t i : {0u, 1u, 3u, 5u, 7u}) {
      EXPECT_EQ(float_bits(pruned[i]), 0u) << i;
    }
    EXPECT_TRUE(std::isnan(pruned[4]));
    EXPECT_EQ(pruned[6], 4.0f);
  }
}

TEST(Prune, ARaggedLastGroupKeepsAtMostTwoOfWhatIsThere) {
  for (const DataType type : kTypes) {
    Weight one(type, 2, {1, 2, 3, 4, 5, 9, 8, 7, 6, 5});
    one.prune();
    EXPECT_EQ(one.values(), (std::vector<float>{0, 0, 3, 4, 5, 9, 8, 0, 0, 5}));
    Weight three(type, 1, {3, 1, 2});
    three.prune();
    EXPECT_EQ(three.values(), (std::vector<float>{3, 0, 2}));
  }
}

TEST(Compress, RoundTripsForEveryRemainderOfKAndThreadCount) {
  for (const DataType type : kTypes) {
    for (std::int64_t k = 1; k <= 75; ++k) {
      Weight w = random_weight(type, 7, k);
      w.prune(3);
      const Compressed c = compress(w);
      EXPECT_EQ(validate_compressed(type, c.values.data(), c.metadata.data(), w.n, k, 2),
                std::nullopt);
      const Compressed threaded = compress(w, 4);
      EXPECT_EQ(threaded.values, c.values);
      EXPECT_EQ(threaded.metadata, c.metadata);
      Weight back(type, w.n, k);
      decompress_two_four(type, c.values.data(), c.metadata.data(), w.n, k, back.bytes.data(), 3);
      ASSERT_EQ(back.bytes, w.bytes) << "k = " << k;
    }
  }
}

TEST(Compress, WritesTheCanonicalNibbles) {
  for (const DataType type : kTypes) {
    const Weight w(type, 1, {0, 0, 0, 0, 0, 0, 3, 4, 5, 0, 0, 6, 0, 0, 7, 0, 0, 8, 0, 0});
    const Compressed c = compress(w);
    // (0,1) (2,3) (0,3) (0,2) (0,1) and a nibble of padding.
    EXPECT_EQ(c.metadata, (std::vector<std::uint8_t>{0xE4, 0x8C, 0x04}));
    Weight values(type, 1, values_per_row(20));
    values.bytes = c.values;
    EXPECT_EQ(values.values(), (std::vector<float>{0, 0, 3, 4, 5, 6, 0, 7, 0, 8}));
  }
}

TEST(Compress, NegativeZerosTakeNoPlace) {
  const Weight w(DataType::kFp8E4m3, 1, {-0.0f, -0.0f, 2, 3});
  EXPECT_EQ(compress(w).metadata, (std::vector<std::uint8_t>{0x0E}));
}

TEST(Validate, NamesTheFirstBadGroup) {
  for (const DataType type : kTypes) {
    for (const std::int64_t k : {64, 67}) {
      Weight w = random_weight(type, 40, k);
      w.prune();
      EXPECT_EQ(validate_two_four(type, w.bytes.data(), w.n, k, 3), std::nullopt);
      for (const std::int64_t row : {39, 17, 2}) {
        for (std::int64_t i = 0; i < 3; ++i) {
          w.set(static_cast<std::size_t>(row * k + k / 4 * 4 - 4 + i), 1);
        }
        const GroupPosition expected{row, k / 4 - 1};
        EXPECT_EQ(validate_two_four(type, w.bytes.data(), w.n, k, 3), expected);
      }
    }
  }
}

TEST(Validate, CountsARaggedGroupToo) {
  const Weight bad(DataType::kBf16, 1, {1, 1, 0, 0, 1, 1, 1});
  EXPECT_EQ(validate_two_four(bad.type, bad.bytes.data(), 1, 7, 1), (GroupPosition{0, 1}));
  const Weight good(DataType::kBf16, 1, {1, 1, 0, 0, 1, -0.0f, 1});
  EXPECT_EQ(validate_two_four(good.type, good.bytes.data(), 1, 7, 1), std::nullopt);
}

TEST(Validate, RejectsEveryNibbleThatDoesNotNameTwoAscendingPositions) {
  for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
    const std::vector<std::uint8_t> values(8, 1);
    const std::vector<std::uint8_t> metadata{0x44, static_cast<std::uint8_t>(0x04 | nibble << 4)};
    const auto found =
        validate_compressed(DataType::kInt8, values.data(), metadata.data(), 1, 16, 1);
    if ((nibble & 3) < (nibble >> 2)) {
      EXPECT_EQ(found, std::nullopt) << int{nibble};
    } else {
      EXPECT_EQ(found, (GroupPosition{0, 3})) << int{nibble};
    }
  }
}

TEST(Validate, RejectsAValueBeyondK) {
  const std::vector<std::uint8_t> metadata{0x04};
  const std::vector<std::uint8_t> values{1, 1};
  EXPECT_EQ(validate_compressed(DataType::kInt8, values.data(), metadata.data(), 1, 1, 1),
            (GroupPosition{0, 0}));
  EXPECT_EQ(validate_compressed(DataType::kInt8, values.data(), metadata.data(), 1, 2, 1),
            std::nullopt);
}

}  // namespace
}  // namespace twofour::operands
