// The reference, and what passes and fails against it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "operands/fill.h"
#include "operands/host_operands.h"
#include "verify/lattice.h"
#include "verify/tolerance.h"
#include "verify/verify.h"

namespace twofour::verify {
namespace {

using testing::HasSubstr;

constexpr auto allocate = [](std::size_t bytes) {
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + 63) / 64 * 64;
  return Buffer(std::aligned_alloc(64, rounded), bytes, [](void* data) { std::free(data); });
};

constexpr ScaleScheme kVectors{ScaleGranularity::kVector, ScaleGranularity::kVector};

/// A problem, its operands and the right result by a plain triple loop.
class Case {
 public:
  Case(DataType type, const GemmShape& shape, DataType d = DataType::kBf16,
       ScaleScheme scales = kVectors, bool bias = true)
      : operands_(operands::make_host_operands(
            {.shape = shape, .type = type, .scales = scales, .seed = 11}, 1, allocate)),
        problem_{.shape = shape, .a = type, .b = type, .d = d, .scales = scales, .bias = bias} {}

  /// The codes of A and B, for planting special values before right() and reference().
  template <class Code>
  Code* a() {
    return operands_.a.as<Code>();
  }

  [[nodiscard]] Reference reference(std::int64_t budget = Reference::kDefaultBudget,
                                    int threads = 2) const {
    return Reference({.spec = operands_.spec,
                      .a = operands_.a.data(),
                      .b = operands_.b.data(),
                      .scale_a = operands_.scale_a.as<float>(),
                      .scale_b = operands_.scale_b.as<float>(),
                      .bias_bf16 = operands_.bias_bf16.data(),
                      .bias_fp16 = operands_.bias_fp16.data()},
                     threads, budget);
  }

  /// A reference whose sums the test makes, from the list that it is asked for; `checked` gets the
  /// places of the elements in D.
  [[nodiscard]] Reference summed_reference(std::int64_t budget,
                                           std::vector<std::size_t>& checked) const {
    const GemmShape& shape = problem_.shape;
    const auto add_up = [&](std::span<const std::int64_t> row_begin,
                            std::span<const std::int32_t> columns, std::span<double> sums,
                            std::span<float> magnitudes) {
      EXPECT_EQ(magnitudes.size(), problem_.a == DataType::kInt8 ? 0 : columns.size());
      for (std::int64_t i = 0; i < shape.m; ++i) {
        const auto row = static_cast<std::size_t>(i);
        for (auto e = row_begin[row]; e < row_begin[row + 1]; ++e) {
          const auto at = static_cast<std::size_t>(e);
          sums[at] = sum(i, columns[at]);
          if (!magnitudes.empty()) magnitudes[at] = 1e-3f;
          checked.push_back(static_cast<std::size_t>(i * shape.n + columns[at]));
        }
      }
    };
    return Reference({.spec = operands_.spec,
                      .scale_a = operands_.scale_a.as<float>(),
                      .scale_b = operands_.scale_b.as<float>(),
                      .bias_bf16 = operands_.bias_bf16.data(),
                      .bias_fp16 = operands_.bias_fp16.data()},
                     add_up, budget);
  }

  /// Codes of D, each element rounded once from a double.
  [[nodiscard]] std::vector<std::uint16_t> right() const {
    const GemmShape& shape = problem_.shape;
    std::vector<std::uint16_t> d;
    for (std::int64_t i = 0; i < shape.m; ++i) {
      for (std::int64_t j = 0; j < shape.n; ++j) {
        const double value = scale(operands_.scale_a, problem_.scales.a, i) *
                                 scale(operands_.scale_b, problem_.scales.b, j) * sum(i, j) +
                             bias_at(j);
        d.push_back(encode(value));
      }
    }
    return d;
  }

  [[nodiscard]] std::uint16_t encode(double value) const {
    const auto single = static_cast<float>(value);
    return problem_.d == DataType::kFp16 ? operands::float_to_fp16(single)
                                         : operands::float_to_bf16(single);
  }
  [[nodiscard]] const GemmProblem& problem() const { return problem_; }
  /// The sum of the products for element (i, j).
  [[nodiscard]] double sum(std::int64_t i, std::int64_t j) const {
    double total = 0;
    with_operand_type(problem_.a, [&]<DataType kType>() {
      using Format = operands::Format<kType>;
      const std::int64_t k = problem_.shape.k;
      const auto* a = operands_.a.as<typename Format::Code>() + i * k;
      const auto* b = operands_.b.as<typename Format::Code>() + j * k;
      for (std::int64_t x = 0; x < k; ++x) {
        total +=
            static_cast<double>(Format::decode(a[x])) * static_cast<double>(Format::decode(b[x]));
      }
    });
    return total;
  }

 private:
  static double scale(const Buffer& scales, ScaleGranularity granularity, std::int64_t at) {
    const float* values = scales.as<float>();
    return static_cast<double>(granularity == ScaleGranularity::kVector ? values[at] : values[0]);
  }
  [[nodiscard]] double bias_at(std::int64_t j) const {
    if (!problem_.bias) return 0;
    const std::uint16_t code = static_cast<const std::uint16_t*>(operands_.bias(problem_.d))[j];
    return static_cast<double>(problem_.d == DataType::kFp16 ? operands::fp16_to_float(code)
                                                             : operands::bf16_to_float(code));
  }
  operands::Operands operands_;
  GemmProblem problem_;
};

CheckResult check(const Reference& reference, const Case& c, const std::vector<std::uint16_t>& d,
                  int threads = 2) {
  return reference.check(c.problem(), Accumulation::kWide, d.data(), threads);
}

TEST(Reference, AgreesBitForBitWithAPlainLoopForInt8) {
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    for (const char* scheme : {"none", "tensor", "token", "channel", "token-channel"}) {
      for (const GemmShape& shape : {GemmShape{1, 1, 1}, {3, 5, 7}, {17, 33, 130}, {5, 9, 2500}}) {
        const Case c(DataType::kInt8, shape, d, parse_scale_scheme(scheme).value(), true);
        const CheckResult result = check(c.reference(), c, c.right());
        EXPECT_TRUE(result.right) << scheme << " " << mkn(shape) << ": " << result.description;
        EXPECT_TRUE(result.accuracy.exact);
        EXPECT_EQ(result.accuracy.max_error, 0);
        EXPECT_EQ(result.accuracy.max_error_ratio, 0);
        EXPECT_EQ(result.accuracy.share_checked, 1);
      }
    }
  }
}

TEST(Reference, TakesTheResultOfAPlainLoopForFloatTypes) {
  for (const DataType type : {DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16}) {
    for (const GemmShape& shape : {GemmShape{1, 1, 1}, {3, 5, 7}, {17, 33, 130}, {5, 9, 2500}}) {
      const Case c(type, shape);
      const CheckResult result = check(c.reference(), c, c.right());
      EXPECT_TRUE(result.right) << mkn(shape) << ": " << result.description;
      EXPECT_LE(result.accuracy.max_error_ratio, 1);
    }
  }
}

TEST(Reference, IsTheSameForAnyNumberOfThreads) {
  const Case c(DataType::kBf16, {40, 50, 300});
  const std::vector<std::uint16_t> d = c.right();
  const CheckResult one = check(c.reference(1 << 17, 1), c, d, 1);
  for (const int threads : {2, 5, 16}) {
    const CheckResult many = check(c.reference(1 << 17, threads), c, d, threads);
    EXPECT_EQ(many.accuracy.max_error, one.accuracy.max_error);
    EXPECT_EQ(many.accuracy.max_error_ratio, one.accuracy.max_error_ratio);
    EXPECT_EQ(many.accuracy.share_checked, one.accuracy.share_checked);
  }
}

TEST(Check, NoticesTheLastBitOfAnyElementOfAnInt8Result) {
  const Case c(DataType::kInt8, {7, 9, 64});
  const Reference reference = c.reference();
  const std::vector<std::uint16_t> right = c.right();
  for (std::size_t at = 0; at < right.size(); ++at) {
    std::vector<std::uint16_t> d = right;
    d[at] ^= 1u;
    const CheckResult result = check(reference, c, d);
    EXPECT_FALSE(result.right);
    EXPECT_THAT(result.description,
                HasSubstr("D[" + std::to_string(at / 9) + "][" + std::to_string(at % 9) + "] is "));
    EXPECT_THAT(result.description, HasSubstr("(1 of 63 checked elements is wrong)"));
  }
}

TEST(Check, NoticesAFloatResultThatIsOffByMoreThanItsTolerance) {
  for (const DataType type : {DataType::kFp8E4m3, DataType::kBf16, DataType::kFp16}) {
    const Case c(type, {4, 6, 512});
    std::vector<std::uint16_t> d = c.right();
    // Sixteen units in the last place of bf16: one in sixteen.
    d[13] = static_cast<std::uint16_t>(d[13] + 16);
    const CheckResult result = check(c.reference(), c, d);
    EXPECT_FALSE(result.right);
    EXPECT_GT(result.accuracy.max_error_ratio, 1);
    EXPECT_THAT(result.description, HasSubstr("D[2][1] is "));
  }
}

TEST(Check, APoisonedElementIsWrong) {
  for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
    const Case c(DataType::kInt8, {6, 8, 32}, d);
    const Reference reference = c.reference();
    constexpr std::uint16_t kPoison = kPoisonByte | kPoisonByte << 8;
    std::vector<std::uint16_t> one = c.right();
    one[47] = kPoison;
    const CheckResult result = check(reference, c, one);
    EXPECT_FALSE(result.right);
    EXPECT_EQ(result.accuracy.max_error, std::numeric_limits<double>::infinity());
    EXPECT_THAT(result.description, HasSubstr("D[5][7] is NaN"));
    EXPECT_FALSE(check(reference, c, std::vector<std::uint16_t>(48, kPoison)).right);
  }
}

TEST(Check, NaNAndInfinityOfTheOperandsMustAppearInTheResult) {
  Case c(DataType::kBf16, {3, 4, 8}, DataType::kBf16, kVectors, false);
  c.a<std::uint16_t>()[8] = 0x7FC0;   // row 1: NaN
  c.a<std::uint16_t>()[16] = 0x7F80;  // row 2: infinity, times numbers and zeros
  const Reference reference = c.reference();
  const std::vector<std::uint16_t> right = c.right();
  EXPECT_TRUE(check(reference, c, right).right) << check(reference, c, right).description;
  std::vector<std::uint16_t> d = right;
  d[4] = 0;  // a number where NaN is due
  EXPECT_FALSE(check(reference, c, d).right);
  d = right;
  d[0] = 0x7FC0;  // NaN where a number is due
  EXPECT_FALSE(check(reference, c, d).right);
  d = right;
  d[0] = 0x7F80;  // infinity where a number is due
  EXPECT_FALSE(check(reference, c, d).right);
}

/// Whether a result is right in which the elements of one rectangle are all a little wrong.
class WrongRectangle {
 public:
  WrongRectangle(const Case& c, const Reference& reference)
      : case_(c), reference_(reference), right_(c.right()) {}
  [[nodiscard]] bool passes(std::int64_t i, std::int64_t j, std::int64_t rows,
                            std::int64_t columns) const {
    std::vector<std::uint16_t> d = right_;
    for (std::int64_t r = i; r < i + rows; ++r) {
      for (std::int64_t x = j; x < j + columns; ++x) {
        d[static_cast<std::size_t>(r * case_.problem().shape.n + x)] ^= 1u;
      }
    }
    return check(reference_, case_, d, 1).right;
  }

 private:
  const Case& case_;
  const Reference& reference_;
  std::vector<std::uint16_t> right_;
};

TEST(Check, EveryWrongTileIsCaughtWhereOnlyAShareIsChecked) {
  const GemmShape shape{45, 52, 16};
  const Case c(DataType::kInt8, shape);
  const Reference reference = c.reference(60 * 256);
  const std::int64_t t = reference.tile();
  ASSERT_GT(t, 5);
  ASSERT_LT(reference.share_checked(), 0.05);
  const WrongRectangle wrong(c, reference);
  for (std::int64_t i = 0; i + t <= shape.m; ++i) {
    for (std::int64_t j = 0; j + t <= shape.n; ++j) {
      ASSERT_FALSE(wrong.passes(i, j, t, t)) << "tile at " << i << ", " << j;
    }
  }
  EXPECT_FALSE(wrong.passes(shape.m - 1, 0, 1, shape.n));
  EXPECT_FALSE(wrong.passes(0, shape.n - 1, shape.m, 1));
  // It is a share: some element alone goes unseen.
  int unseen = 0;
  for (std::int64_t i = 0; i < 10; ++i) unseen += wrong.passes(i, 20, 1, 1) ? 1 : 0;
  EXPECT_GT(unseen, 0);
}

TEST(Reference, TakesSumsFromElsewhere) {
  for (const DataType type : {DataType::kInt8, DataType::kBf16}) {
    for (const std::int64_t budget : {std::int64_t{60 * 256}, Reference::kDefaultBudget}) {
      const Case c(type, {45, 52, 16});
      std::vector<std::size_t> checked;
      const Reference reference = c.summed_reference(budget, checked);
      ASSERT_EQ(checked.size(), reference.elements());
      EXPECT_EQ(reference.tile(), c.reference(budget).tile());
      const std::vector<std::uint16_t> right = c.right();
      EXPECT_TRUE(check(reference, c, right).right);
      std::vector<std::uint16_t> codes;
      codes.reserve(checked.size());
      for (const std::size_t place : checked) codes.push_back(right[place]);
      const auto passes = [&](int threads) {
        return reference.check_elements(c.problem(), Accumulation::kWide, codes, threads);
      };
      EXPECT_TRUE(passes(2).right);
      EXPECT_EQ(passes(2).accuracy.share_checked, reference.share_checked());
      for (std::size_t e = 0; e < codes.size(); ++e) {
        const std::uint16_t kept = std::exchange(codes[e], codes[e] ^ 0x4000);
        for (const int threads : {1, 3}) {
          const CheckResult wrong = passes(threads);
          ASSERT_FALSE(wrong.right) << e;
          const auto n = static_cast<std::size_t>(c.problem().shape.n);
          EXPECT_THAT(wrong.description, HasSubstr("D[" + std::to_string(checked[e] / n) + "][" +
                                                   std::to_string(checked[e] % n) + "]"));
        }
        codes[e] = kept;
      }
    }
  }
}

TEST(Reference, SaysTheShareItChecks) {
  const GemmShape shape{45, 52, 16};
  const Case c(DataType::kInt8, shape);
  constexpr std::int64_t kBudget = 100 * 256;
  const Reference reference = c.reference(kBudget);
  const Lattice lattice(shape, kBudget);
  std::size_t elements = 0;
  for (std::int64_t i = 0; i < shape.m; ++i) elements += lattice.columns_of(i).size();
  EXPECT_EQ(reference.tile(), lattice.tile());
  EXPECT_DOUBLE_EQ(reference.share_checked(), static_cast<double>(elements) / (45 * 52));
  EXPECT_EQ(check(reference, c, c.right()).accuracy.share_checked, reference.share_checked());
  EXPECT_EQ(c.reference().share_checked(), 1);
}

}  // namespace
}  // namespace twofour::verify
