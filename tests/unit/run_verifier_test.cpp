// Checks of a device that hands over the elements of D alone: what is known is not compared again,
// and nothing else is taken for known.
#include "run/verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "operands/number_formats.h"
#include "support/fake_device.h"

namespace twofour::run {
namespace {

/// Reads a D that lies in host memory.
class HostReader final : public verify::ElementReader {
 public:
  HostReader(const GemmShape& shape, const verify::ElementList& elements)
      : shape_(shape),
        row_begin_(elements.row_begin.begin(), elements.row_begin.end()),
        columns_(elements.columns.begin(), elements.columns.end()) {}

  void add_up(const operands::Operands& operands, std::span<double> sums,
              std::span<float> /*magnitudes*/) override {
    for_each([&](std::size_t e, std::int64_t row, std::int64_t column) {
      const auto* a = operands.a.as<std::int8_t>() + row * shape_.k;
      const auto* b = operands.b.as<std::int8_t>() + column * shape_.k;
      sums[e] = 0;
      for (std::int64_t k = 0; k < shape_.k; ++k) sums[e] += a[k] * b[k];
    });
  }
  void read(const void* d, std::span<std::uint16_t> codes) override {
    for_each([&](std::size_t e, std::int64_t row, std::int64_t column) {
      codes[e] = static_cast<const std::uint16_t*>(d)[row * shape_.n + column];
    });
  }

 private:
  template <class Body>
  void for_each(const Body& body) const {
    for (std::int64_t row = 0; row < shape_.m; ++row) {
      for (auto e = row_begin_[static_cast<std::size_t>(row)];
           e < row_begin_[static_cast<std::size_t>(row) + 1]; ++e) {
        const auto at = static_cast<std::size_t>(e);
        body(at, row, columns_[at]);
      }
    }
  }

  GemmShape shape_;
  std::vector<std::int64_t> row_begin_;
  std::vector<std::int32_t> columns_;
};

class VerifierTest : public ::testing::Test {
 protected:
  VerifierTest()
      : operands(
            device.operands().make_operands({.shape = shape, .type = DataType::kInt8, .seed = 3})),
        d(device.memory().allocate(static_cast<std::size_t>(shape.m * shape.n) * 2)),
        verifier(
            operands, device,
            [](const GemmShape& of, const verify::ElementList& elements) {
              return std::make_unique<HostReader>(of, elements);
            },
            4) {
    problem.a = problem.b = DataType::kInt8;
    problem.shape = shape;
    write(problem);
  }

  /// The right D of `of`.
  void write(const GemmProblem& of) {
    for (std::int64_t i = 0; i < shape.m; ++i) {
      for (std::int64_t j = 0; j < shape.n; ++j) {
        float sum = 0;
        for (std::int64_t k = 0; k < shape.k; ++k) {
          sum += static_cast<float>(operands.a.as<std::int8_t>()[i * shape.k + k] *
                                    operands.b.as<std::int8_t>()[j * shape.k + k]);
        }
        float value = sum * *operands.scale_a.as<float>() * *operands.scale_b.as<float>();
        if (of.bias) value += operands::bf16_to_float(operands.bias_bf16.as<std::uint16_t>()[j]);
        d.as<std::uint16_t>()[i * shape.n + j] = of.d == DataType::kFp16
                                                     ? operands::float_to_fp16(value)
                                                     : operands::float_to_bf16(value);
      }
    }
  }
  verify::CheckResult check() { return verifier.check(problem, Accumulation::kWide, d); }

  testing::FakeDevice device;
  GemmShape shape{.m = 5, .n = 24, .k = 32};
  operands::Operands operands;
  Buffer d;
  Verifier verifier;
  GemmProblem problem;
};

TEST_F(VerifierTest, TheSameBitsGiveTheSameResult) {
  const verify::CheckResult first = check();
  EXPECT_TRUE(first.right) << first.description;
  // A 2:4 kernel has the same reference.
  problem.sparsity = Sparsity::kTwoFour;
  const verify::CheckResult second = check();
  EXPECT_TRUE(second.right);
  EXPECT_EQ(first.accuracy, second.accuracy);
  EXPECT_EQ(first.reference_squares, second.reference_squares);
}

TEST_F(VerifierTest, AnyOtherBitIsFound) {
  ASSERT_TRUE(check().right);
  for (std::int64_t e = 0; e < shape.m * shape.n; ++e) {
    std::uint16_t& code = d.as<std::uint16_t>()[e];
    code ^= 1;
    EXPECT_FALSE(check().right) << e;
    EXPECT_FALSE(check().right) << "and again";
    code ^= 1;
    EXPECT_TRUE(check().right) << e;
  }
}

TEST_F(VerifierTest, AnUnwrittenResultIsFoundAfterARightOne) {
  ASSERT_TRUE(check().right);
  std::memset(d.data(), verify::kPoisonByte, d.bytes());
  EXPECT_FALSE(check().right);
}

// The right bits of one problem are wrong for the next.
TEST_F(VerifierTest, WhatWasRightForAnotherProblemIsComparedAgain) {
  ASSERT_TRUE(check().right);
  problem.bias = true;
  EXPECT_FALSE(check().right);
  problem.bias = false;
  problem.d = DataType::kFp16;
  EXPECT_FALSE(check().right);
  write(problem);
  EXPECT_TRUE(check().right);
  problem.d = DataType::kBf16;
  EXPECT_FALSE(check().right);
}

TEST_F(VerifierTest, AnotherAccumulationIsJudgedByItsOwnTolerance) {
  EXPECT_EQ(check().accuracy.accumulation, Accumulation::kWide);
  EXPECT_EQ(verifier.check(problem, Accumulation::kOutputParts, d).accuracy.accumulation,
            Accumulation::kOutputParts);
  EXPECT_EQ(check().accuracy.accumulation, Accumulation::kWide);
}

}  // namespace
}  // namespace twofour::run
