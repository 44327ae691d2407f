#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

#include "operands/fill.h"
#include "operands/host_operands.h"
#include "operands/row_kernels.h"
#include "operands/two_four.h"

namespace twofour::operands {
namespace {

constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                               DataType::kFp16};

constexpr auto allocate = [](std::size_t bytes) {
  return Buffer(std::aligned_alloc(64, (bytes + 63) / 64 * 64), bytes, std::free);
};

OperandSpec spec_of(DataType type, GemmShape shape, std::uint64_t seed = 1) {
  return {.shape = shape,
          .type = type,
          .scales = {ScaleGranularity::kVector, ScaleGranularity::kVector},
          .seed = seed};
}

bool same(const Buffer& x, const Buffer& y) {
  return x.bytes() == y.bytes() && std::memcmp(x.data(), y.data(), x.bytes()) == 0;
}

double decode(DataType type, const void* data, std::int64_t i) {
  return with_operand_type(type, [&]<DataType kType>() -> double {
    return static_cast<double>(
        Format<kType>::decode(static_cast<const typename Format<kType>::Code*>(data)[i]));
  });
}

TEST(HostOperands, AreTheSameBitsForAnyThreadCount) {
  for (const DataType type : kTypes) {
    const OperandSpec spec = spec_of(type, {.m = 5, .n = 37, .k = 4103});
    const Operands one = make_host_operands(spec, 1, allocate);
    EXPECT_EQ(one.bytes(), operand_bytes(spec));
    for (const int threads : {2, 3, 7}) {
      const Operands many = make_host_operands(spec, threads, allocate);
      EXPECT_TRUE(same(one.a, many.a));
      EXPECT_TRUE(same(one.b, many.b));
      EXPECT_TRUE(same(one.scale_a, many.scale_a));
      EXPECT_TRUE(same(one.scale_b, many.scale_b));
      EXPECT_TRUE(same(one.bias_bf16, many.bias_bf16));
      EXPECT_TRUE(same(one.bias_fp16, many.bias_fp16));
    }
  }
}

TEST(HostOperands, AnElementDependsOnSeedTensorRowAndColumnAlone) {
  const Operands small =
      make_host_operands(spec_of(DataType::kInt8, {.m = 4, .n = 8, .k = 64}), 1, allocate);
  const Operands large =
      make_host_operands(spec_of(DataType::kInt8, {.m = 9, .n = 8, .k = 64}), 2, allocate);
  EXPECT_EQ(std::memcmp(small.a.data(), large.a.data(), small.a.bytes()), 0);
  const Operands other =
      make_host_operands(spec_of(DataType::kInt8, {.m = 4, .n = 8, .k = 64}, 2), 1, allocate);
  EXPECT_FALSE(same(small.a, other.a));
  EXPECT_FALSE(same(small.b, other.b));
}

/// The bits are part of the definition: results of one version must be comparable with another's.
TEST(HostOperands, FirstElementsAreWhatTheyAlwaysWere) {
  const Operands made =
      make_host_operands(spec_of(DataType::kInt8, {.m = 1, .n = 1, .k = 8}), 1, allocate);
  std::vector<int> a;
  std::vector<int> b;
  for (int i = 0; i < 8; ++i) {
    a.push_back(made.a.as<std::int8_t>()[i]);
    b.push_back(made.b.as<std::int8_t>()[i]);
  }
  EXPECT_EQ(a, (std::vector<int>{-3, 2, -1, -4, 1, 1, 3, 0}));
  EXPECT_EQ(b, (std::vector<int>{11, 0, 9, 0, 0, 0, -4, 3}));
}

TEST(HostOperands, WeightsAreTwoFourAndActivationsAreNot) {
  for (const DataType type : kTypes) {
    for (const std::int64_t k : {1, 2, 3, 64, 65, 66, 67, 5000}) {
      const Operands made =
          make_host_operands(spec_of(type, {.m = 3, .n = 9, .k = k}), 2, allocate);
      EXPECT_EQ(validate_two_four(type, made.b.data(), 9, k, 2), std::nullopt);
      if (k >= 64) {
        EXPECT_NE(validate_two_four(type, made.a.data(), 3, k, 2), std::nullopt);
      }
    }
  }
}

TEST(HostOperands, ActivationsAreNormalTimesFive) {
  constexpr std::int64_t kCount = 1 << 20;
  for (const DataType type : kTypes) {
    const Operands made =
        make_host_operands(spec_of(type, {.m = 256, .n = 1, .k = kCount / 256}), 2, allocate);
    double sum = 0;
    double squares = 0;
    std::vector<double> values;
    for (std::int64_t i = 0; i < kCount; ++i) {
      const double z = decode(type, made.a.data(), i) / 5;
      sum += z;
      squares += z * z;
      values.push_back(z);
    }
    std::sort(values.begin(), values.end());
    // Five standard errors of the mean and of the variance; quantisation adds at most 1 / 300.
    EXPECT_NEAR(sum / kCount, 0, 5 / 1024.0);
    EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0) / 1024 + 1 / 300.0);
    const double z_at[] = {-3, -2, -1, 0, 1, 2, 3};
    for (const double z : z_at) {
      const double probability = std::erfc(-z / std::sqrt(2.0)) / 2;
      const double found = values[static_cast<std::size_t>(probability * kCount)];
      EXPECT_NEAR(found, z, type == DataType::kInt8 || z * z > 4 ? 0.13 : 0.07) << z;
    }
  }
}

TEST(HostOperands, Fp8ActivationsAreNotIntegers) {
  const Operands made =
      make_host_operands(spec_of(DataType::kFp8E4m3, {.m = 1, .n = 1, .k = 4096}), 1, allocate);
  int integers = 0;
  for (std::int64_t i = 0; i < 4096; ++i) {
    const double value = decode(DataType::kFp8E4m3, made.a.data(), i);
    if (value == std::floor(value)) ++integers;
  }
  EXPECT_LT(integers, 2048);
}

TEST(QuantileTable, AgreesWithTheNormalDistribution) {
  // The piecewise linear inverse, checked at random places against erfc: at u = p * 2^32 the tail
  // beyond the value must be p.
  for (std::uint32_t i = 0; i < 100000; ++i) {
    const std::uint32_t bits = random_bits({1, 2}, i) & 0x7FFFFFFFu;
    const double p = (static_cast<double>(bits | 1u)) / 4294967296.0;
    const double z = static_cast<double>(normal_times_five(quantile_table().data(), bits)) / 5;
    EXPECT_NEAR(std::erfc(z / std::sqrt(2.0)) / 2 / p, 1, 1e-3) << bits;
  }
  for (std::uint32_t bits = 0; bits < 64; ++bits) {
    const double z = static_cast<double>(normal_times_five(quantile_table().data(), bits)) / 5;
    EXPECT_NEAR(std::erfc(z / std::sqrt(2.0)) / 2 * 4294967296.0 / (bits | 1u), 1, 1e-3);
  }
  EXPECT_EQ(normal_times_five(quantile_table().data(), 0x80000000u),
            -normal_times_five(quantile_table().data(), 0));
}

TEST(FillRow, EveryInstructionSetMakesTheSameBits) {
  const StreamKey key = stream_key(3, Tensor::kB, 17);
  for (const DataType type : kTypes) {
    with_operand_type(type, [&]<DataType kType>() {
      using Code = typename Format<kType>::Code;
      std::vector<Code> expected(1003);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expected[i] =
            random_code<kType>(quantile_table().data(), key, static_cast<std::uint32_t>(40 + i));
      }
      for (const VectorIsa isa : available_vector_isas()) {
        std::vector<Code> made(expected.size());
        with_vector_isa<FillRow<kType>>(isa, quantile_table().data(), key, std::int64_t{40},
                                        std::int64_t{1003}, made.data());
        EXPECT_EQ(made, expected);
        std::vector<Code> pruned = expected;
        for (std::int64_t g = 0; g < 1003; g += 4) {
          const std::int64_t end = std::min<std::int64_t>(g + 4, 1003);
          store_ragged_group<kType>(
              prune_group<kType>(load_ragged_group<kType>(expected.data(), g, end)), g, end,
              pruned.data());
        }
        with_vector_isa<PruneRow<kType>>(isa, made.data(), std::int64_t{1003});
        EXPECT_EQ(made, pruned);
      }
    });
  }
}

TEST(Scales, HaveThreeSignificantBitsAndBiasIsExactInBothTypes) {
  const OperandSpec spec = spec_of(DataType::kInt8, {.m = 100, .n = 1000, .k = 4});
  const Operands made = make_host_operands(spec, 1, allocate);
  std::set<float> scales;
  for (int i = 0; i < 100; ++i) {
    const float units = made.scale_a.as<float>()[i] * 0x1p7f;
    EXPECT_TRUE(units >= 4 && units <= 7 && units == std::floor(units)) << units;
    scales.insert(units);
  }
  EXPECT_EQ(scales.size(), 4u);
  std::set<float> biases;
  for (int i = 0; i < 1000; ++i) {
    const float bf16 = bf16_to_float(made.bias_bf16.as<std::uint16_t>()[i]);
    EXPECT_EQ(bf16, fp16_to_float(made.bias_fp16.as<std::uint16_t>()[i]));
    EXPECT_TRUE(std::fabs(bf16) < 8 && bf16 * 4 == std::floor(bf16 * 4)) << bf16;
    biases.insert(bf16);
  }
  EXPECT_EQ(biases.size(), 63u);
}

TEST(Scales, AreOneWhereTheSchemeHasNone) {
  OperandSpec spec = spec_of(DataType::kFp16, {.m = 3, .n = 5, .k = 4});
  spec.scales = {ScaleGranularity::kNone, ScaleGranularity::kTensor};
  const Operands made = make_host_operands(spec, 1, allocate);
  EXPECT_EQ(made.scale_a.bytes(), sizeof(float));
  EXPECT_EQ(made.scale_a.as<float>()[0], 1.0f);
  EXPECT_EQ(made.scale_b.bytes(), sizeof(float));
  EXPECT_LT(made.scale_b.as<float>()[0], 1.0f);
}

}  // namespace
}  // namespace twofour::operands
