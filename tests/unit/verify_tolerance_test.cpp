// The tolerances, against sums in many orders and accumulators like those of the hardware.
#include "verify/tolerance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "operands/fill.h"

namespace twofour::verify {
namespace {

/// Products of random operands of a type, half of those of one side zero, as pruned weights are.
/// They are exact in float32.
std::vector<float> random_products(DataType type, std::int64_t k, std::uint64_t seed) {
  std::vector<float> products;
  const auto* table = operands::quantile_table().data();
  const auto a = operands::stream_key(seed, operands::Tensor::kA, 0);
  const auto b = operands::stream_key(seed, operands::Tensor::kB, 0);
  with_operand_type(type, [&]<DataType kType>() {
    using Format = operands::Format<kType>;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(k); ++i) {
      const float x = Format::decode(operands::random_code<kType>(table, a, i));
      const float y = Format::decode(operands::random_code<kType>(table, b, i));
      products.push_back(i % 4 < 2 ? x * y : 0.0f);
    }
  });
  return products;
}

double exact_sum(const std::vector<float>& terms) {
  long double sum = 0;
  for (const float term : terms) sum += static_cast<long double>(term);
  return static_cast<double>(sum);
}

double magnitude(const std::vector<float>& terms) {
  double sum = 0;
  for (const float term : terms) sum += std::fabs(static_cast<double>(term));
  return sum;
}

float add_in_order(const std::vector<float>& terms) {
  return std::accumulate(terms.begin(), terms.end(), 0.0f);
}

/// Sums of `lanes` interleaved stretches, then the sum of those, as vector code adds up.
float add_in_lanes(const std::vector<float>& terms, std::size_t lanes) {
  std::vector<float> sums(lanes, 0.0f);
  for (std::size_t i = 0; i < terms.size(); ++i) sums[i % lanes] += terms[i];
  return add_in_order(sums);
}

float add_pairwise(const float* terms, std::size_t count) {
  if (count == 0) return 0;
  if (count == 1) return terms[0];
  return add_pairwise(terms, count / 2) + add_pairwise(terms + count / 2, count - count / 2);
}

struct Order {
  std::string name;
  std::function<void(std::vector<float>&)> arrange;
};

/// As they come, at random, and orders that make partial sums as large as can be.
std::vector<Order> orders() {
  return {
      {"as drawn", [](std::vector<float>&) {}},
      {"shuffled",
       [](std::vector<float>& t) { std::shuffle(t.begin(), t.end(), std::mt19937(1)); }},
      {"ascending", [](std::vector<float>& t) { std::sort(t.begin(), t.end()); }},
      {"descending",
       [](std::vector<float>& t) { std::sort(t.begin(), t.end(), std::greater<>()); }},
      {"smallest magnitude first",
       [](std::vector<float>& t) {
         std::sort(t.begin(), t.end(),
                   [](float x, float y) { return std::fabs(x) < std::fabs(y); });
       }},
      {"positive first",
       [](std::vector<float>& t) {
         std::stable_partition(t.begin(), t.end(), [](float x) { return x > 0; });
       }},
  };
}

class AccumulationOf : public testing::TestWithParam<DataType> {};

TEST_P(AccumulationOf, Float32StaysWithinItsToleranceInEveryOrder) {
  for (const std::int64_t k : {1, 2, 3, 17, 256, 4096, 28672}) {
    const double relative = relative_accumulation_error(DataType::kBf16, Accumulation::kWide, k);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      for (const Order& order : orders()) {
        std::vector<float> terms = random_products(GetParam(), k, seed);
        order.arrange(terms);
        const double exact = exact_sum(terms);
        const double tolerance = relative * magnitude(terms);
        for (const float found : {add_in_order(terms), add_in_lanes(terms, 16),
                                  add_pairwise(terms.data(), terms.size())}) {
          EXPECT_LE(std::fabs(static_cast<double>(found) - exact), tolerance)
              << order.name << ", K = " << k << ", seed " << seed;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, AccumulationOf,
                         testing::Values(DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16),
                         [](const auto& each) {
                           return std::string(twofour::info(each.param).cli_name);
                         });

// Terms of one sign are the worst there is for a relative error of the sum of magnitudes.
TEST(Accumulation, Float32StaysWithinItsToleranceForTermsOfOneSign) {
  for (const std::int64_t k : {100, 10000}) {
    std::vector<float> terms = random_products(DataType::kBf16, k, 3);
    for (float& term : terms) term = std::fabs(term);
    const double tolerance =
        relative_accumulation_error(DataType::kBf16, Accumulation::kWide, k) * magnitude(terms);
    EXPECT_LE(std::fabs(static_cast<double>(add_in_order(terms)) - exact_sum(terms)), tolerance);
  }
}

double cut(double value, double unit) { return std::trunc(value / unit) * unit; }

/// Adds `terms` as a matrix unit that keeps 13 bits after the leading one does: 32 products and the
/// accumulator are shifted to the largest exponent among them and cut off. After `promotion`
/// products the sum moves to a float32 register.
double add_with_cuts(const std::vector<float>& terms, std::size_t promotion) {
  float total = 0;
  double accumulator = 0;
  for (std::size_t begin = 0; begin < terms.size(); begin += 32) {
    const std::size_t end = std::min(begin + 32, terms.size());
    double largest = std::fabs(accumulator);
    for (std::size_t i = begin; i < end; ++i) {
      largest = std::max(largest, std::fabs(static_cast<double>(terms[i])));
    }
    if (largest > 0) {
      const double unit = std::exp2(std::floor(std::log2(largest)) - 13);
      accumulator = cut(accumulator, unit);
      for (std::size_t i = begin; i < end; ++i) {
        accumulator += cut(static_cast<double>(terms[i]), unit);
      }
    }
    if (end % promotion == 0 || end == terms.size()) {
      total += static_cast<float>(accumulator);
      accumulator = 0;
    }
  }
  return static_cast<double>(total);
}

TEST(Accumulation, Fp8UnitsThatCutOffStayWithinTheirTolerances) {
  for (const std::int64_t k : {32, 128, 1024, 8192, 28672}) {
    const auto relative = [&](Accumulation accumulation) {
      return relative_accumulation_error(DataType::kFp8E4m3, accumulation, k);
    };
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::vector<float> terms = random_products(DataType::kFp8E4m3, k, seed);
      const double exact = exact_sum(terms);
      const double all = magnitude(terms);
      const auto never = static_cast<std::size_t>(k);
      EXPECT_LE(std::fabs(add_with_cuts(terms, never) - exact),
                relative(Accumulation::kFp8Fast) * all)
          << "fast, K = " << k << ", seed " << seed;
      for (const std::size_t promotion : {128u, 512u}) {
        EXPECT_LE(std::fabs(add_with_cuts(terms, promotion) - exact),
                  relative(Accumulation::kWide) * all)
            << "promoted after " << promotion << ", K = " << k << ", seed " << seed;
      }
    }
  }
}

/// Parts of K whose sums are rounded to D's type before they are added: in float32 (as cuBLASLt's
/// reduction OUTPUT_TYPE), or each to the running sum in D itself (INPLACE). The last rounding is
/// left out: it is that of D.
double add_in_parts(const std::vector<float>& terms, std::size_t parts, DataType d, bool in_place) {
  const std::size_t length = (terms.size() + parts - 1) / parts;
  double running = 0;
  for (std::size_t begin = 0; begin < terms.size(); begin += length) {
    const std::size_t end = std::min(begin + length, terms.size());
    if (in_place) running = round_to(d, running);
    running += round_to(d, exact_sum({terms.begin() + static_cast<std::ptrdiff_t>(begin),
                                      terms.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  return running;
}

TEST(Accumulation, PartsRoundedToTheOutputTypeStayWithinTheirTolerance) {
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    for (const std::int64_t k : {64, 1000, 4104, 14336, 28672}) {
      double worst = 0;
      for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const std::vector<float> terms = random_products(DataType::kBf16, k, seed);
        const double exact = exact_sum(terms);
        const double allowed = output_parts_error(d, exact, magnitude(terms), k);
        for (const std::size_t parts : {2U, 3U, 4U, 8U, 16U}) {
          for (const bool in_place : {false, true}) {
            const double error = add_in_parts(terms, parts, d, in_place) - exact;
            worst = std::max(worst, std::fabs(error) / allowed);
          }
        }
      }
      EXPECT_LT(worst, 1) << "K = " << k;
      EXPECT_GT(worst, 0.1) << "the tolerance is far too wide; K = " << k;
    }
  }
}

/// A kernel of this class that leaves something out is found, not in each element but in few.
TEST(Accumulation, WhatPartsLeaveOutIsOutsideOfTheirTolerance) {
  constexpr std::int64_t kDepth = 4104;
  const auto found = [](const auto& fault) {
    int outside = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const std::vector<float> terms = random_products(DataType::kBf16, kDepth, seed);
      const double exact = exact_sum(terms);
      const double allowed =
          output_parts_error(DataType::kBf16, exact, magnitude(terms), kDepth) +
          relative_accumulation_error(DataType::kBf16, Accumulation::kOutputParts, kDepth) *
              magnitude(terms);
      const double error = add_in_parts(fault(terms), 4, DataType::kBf16, true) - exact;
      if (std::fabs(error) > allowed) ++outside;
    }
    return outside;
  };
  EXPECT_EQ(found([](const std::vector<float>& terms) { return terms; }), 0);
  EXPECT_GT(found([](std::vector<float> terms) {
              terms.resize(terms.size() - 8);
              return terms;
            }),
            2)
      << "the last 8 of K";
  EXPECT_GT(found([](std::vector<float> terms) {
              terms.resize(terms.size() / 4 * 3);
              return terms;
            }),
            150)
      << "a part of K";
  EXPECT_GT(found([](std::vector<float> terms) {
              terms.insert(terms.end(), terms.begin(), terms.begin() + kDepth / 4);
              return terms;
            }),
            150)
      << "a part of K twice";
}

/// How many of 200 elements of D are outside of the tolerance of a class, where the kernel makes
/// them by `compute(terms, bias)`: what is rounded to D's type.
template <class Compute>
int outside(DataType d, Accumulation accumulation, const Compute& compute) {
  constexpr std::int64_t kDepth = 4104;
  int count = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::vector<float> terms = random_products(DataType::kBf16, kDepth, seed);
    // As large as the product, and of the other sign: what the product loses shows.
    const auto bias = static_cast<float>(
        round_to(d, -0.97 * exact_sum(terms) + 0.01 * static_cast<double>(seed)));
    const double exact = exact_sum(terms);
    double error =
        relative_accumulation_error(DataType::kBf16, accumulation, kDepth) * magnitude(terms);
    if (accumulation == Accumulation::kBiasAfterRounding) {
      error += bias_after_rounding_error(d, exact, error);
    }
    const ExactElement element = exact_element(exact, error, 1.0F, 1.0F, bias);
    const double found = round_to(d, compute(terms, static_cast<double>(bias)));
    if (found < round_to(d, element.value - element.deviation) ||
        found > round_to(d, element.value + element.deviation)) {
      ++count;
    }
  }
  return count;
}

TEST(Accumulation, AProductThatIsRoundedBeforeItsBiasStaysWithinItsTolerance) {
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    const auto rounded = [d](const std::vector<float>& terms, double bias) {
      return round_to(d, exact_sum(terms)) + bias;
    };
    EXPECT_EQ(outside(d, Accumulation::kBiasAfterRounding, rounded), 0);
    EXPECT_GT(outside(d, Accumulation::kWide, rounded), 3) << "what the class is for";
    const auto exact = [](const std::vector<float>& terms, double bias) {
      return exact_sum(terms) + bias;
    };
    EXPECT_EQ(outside(d, Accumulation::kBiasAfterRounding, exact), 0) << "it may also not round";
  }
}

/// A kernel of this class that is really wrong is found.
TEST(Accumulation, WhatABiasAfterRoundingDoesNotExplainIsOutside) {
  constexpr auto kClass = Accumulation::kBiasAfterRounding;
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    const auto shorter = [d](std::size_t terms_left, bool of_all) {
      return [=](std::vector<float> terms, double bias) {
        terms.resize(of_all ? terms.size() - terms_left : terms_left);
        return round_to(d, exact_sum(terms)) + bias;
      };
    };
    EXPECT_GT(outside(d, kClass, shorter(8, true)), 100) << "the last 8 of K";
    EXPECT_GT(outside(d, kClass, shorter(3072, false)), 180) << "a quarter of K";
    EXPECT_GT(outside(d, kClass,
                      [d](const std::vector<float>& terms, double /*bias*/) {
                        return round_to(d, exact_sum(terms));
                      }),
              180)
        << "no bias";
    EXPECT_GT(outside(d, kClass,
                      [d](const std::vector<float>& terms, double bias) {
                        return round_to(d, exact_sum(terms)) + 2 * bias;
                      }),
              180)
        << "the bias twice";
    EXPECT_GT(outside(d, kClass,
                      [d](const std::vector<float>& terms, double bias) {
                        return add_in_parts(terms, 16, d, true) + bias;
                      }),
              5)
        << "parts of K rounded too, which this class does not allow";
  }
  EXPECT_GT(outside(DataType::kFp16, kClass,
                    [](const std::vector<float>& terms, double bias) {
                      return round_to(DataType::kBf16, exact_sum(terms)) + bias;
                    }),
            40)
      << "rounded to bf16 where D is fp16";
}

TEST(Accumulation, TolerancesAreOrderedAndInt8HasNone) {
  for (const std::int64_t k : {1, 64, 8192}) {
    EXPECT_EQ(relative_accumulation_error(DataType::kInt8, Accumulation::kWide, k), 0);
    const double wide = relative_accumulation_error(DataType::kBf16, Accumulation::kWide, k);
    const double fp8 = relative_accumulation_error(DataType::kFp8E4m3, Accumulation::kWide, k);
    const double fast = relative_accumulation_error(DataType::kFp8E4m3, Accumulation::kFp8Fast, k);
    EXPECT_GT(wide, 0);
    EXPECT_LT(wide, fp8);
    EXPECT_LE(fp8, fast);
    // A result without half of its terms is far outside.
    EXPECT_LT(fast, 0.01);
  }
}

TEST(ExactElement, Int8WithScalesOfFewBitsHasNoTolerance) {
  const float scale_a = operands::scale_value(3u << 30);
  const float scale_b = operands::scale_value(1u << 30);
  for (const double sum : {0.0, 1.0, -12345.0, 131071.0}) {
    const ExactElement exact = exact_element(sum, 0, scale_a, scale_b, -7.75f);
    EXPECT_EQ(exact.deviation, 0) << sum;
    EXPECT_EQ(exact.value,
              static_cast<double>(scale_a) * static_cast<double>(scale_b) * sum - 7.75);
  }
}

// Whether the scales come first, last or one by one, fused or not, float32 rounds nothing.
TEST(ExactElement, NoToleranceMeansEveryOrderOfEvaluationAgrees) {
  std::mt19937 random(7);
  int exact_ones = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto sum =
        static_cast<std::int32_t>(random()) >> (i % 20);  // up to 2^31, in many magnitudes
    const float a = operands::scale_value(static_cast<std::uint32_t>(random()));
    const float b = operands::scale_value(static_cast<std::uint32_t>(random()));
    const float bias = operands::bias_value(static_cast<std::uint32_t>(random()));
    const ExactElement exact = exact_element(sum, 0, a, b, bias);
    const auto wide = static_cast<float>(sum);
    for (const float found :
         {a * b * wide + bias, a * (b * wide) + bias, b * (a * wide) + bias,
          std::fma(a * b, wide, bias), std::fma(a, b * wide, bias), std::fma(b, a * wide, bias)}) {
      EXPECT_LE(std::fabs(static_cast<double>(found) - exact.value), exact.deviation)
          << sum << " x " << a << " x " << b << " + " << bias;
    }
    if (exact.deviation == 0) ++exact_ones;
  }
  EXPECT_GT(exact_ones, 5000);
  EXPECT_LT(exact_ones, 20000);
}

TEST(ExactElement, DeviationGrowsWithTheErrorOfTheSum) {
  const ExactElement none = exact_element(1.1, 0, 0.5f, 0.25f, 0);
  const ExactElement some = exact_element(1.1, 0.01, 0.5f, 0.25f, 0);
  EXPECT_GT(none.deviation, 0);
  EXPECT_GE(some.deviation, 0.01 * 0.125);
}

TEST(RoundTo, RoundsThroughFloat32ToNearestEven) {
  EXPECT_EQ(round_to(DataType::kBf16, 1 + 0x1p-8), 1);
  EXPECT_EQ(round_to(DataType::kBf16, 1 + 3 * 0x1p-8), 1 + 0x1p-6);
  EXPECT_EQ(round_to(DataType::kFp16, 1 + 0x1p-11), 1);
  EXPECT_EQ(round_to(DataType::kFp16, 1e6), std::numeric_limits<double>::infinity());
  // Just above a tie: float32 rounds to the tie, and the tie to even.
  EXPECT_EQ(round_to(DataType::kBf16, 1 + 0x1p-8 + 0x1p-40), 1);
  EXPECT_TRUE(std::isnan(round_to(DataType::kBf16, std::nan(""))));
}

}  // namespace
}  // namespace twofour::verify
