#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "core/outcome.h"
#include "core/problem.h"
#include "core/summary.h"

namespace twofour {
namespace {

TEST(Problem, EveryFieldSurvivesPrintingAndParsing) {
  for (const DataType type : {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16}) {
    for (const DataType d : {DataType::kBf16, DataType::kFp16}) {
      for (const char* scales : {"none", "tensor", "token", "channel", "token-channel"}) {
        for (const bool bias : {false, true}) {
          for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
            const GemmProblem problem{.shape = {1, 28672, 4096},
                                      .a = type,
                                      .b = type,
                                      .d = d,
                                      .scales = parse_scale_scheme(scales).value(),
                                      .bias = bias,
                                      .sparsity = sparsity};
            EXPECT_EQ(parse_problem(to_string(problem)), problem) << to_string(problem);
          }
        }
      }
    }
  }
}

TEST(Problem, PrintsMknInTheOrderOfTheTables) {
  const GemmProblem problem{.shape = {.m = 16, .n = 6144, .k = 4096}};
  EXPECT_EQ(to_string(problem),
            "types=i8,i8,bf16 mkn=16x4096x6144 scales=tensor bias=0 sparsity=dense");
}

TEST(Problem, SaysHowManyGemmsABatchHas) {
  const GemmProblem problem{.shape = {.m = 3, .n = 64, .k = 32}, .batch = 222};
  EXPECT_EQ(to_string(problem),
            "types=i8,i8,bf16 mkn=3x32x64 scales=tensor bias=0 sparsity=dense batch=222");
  EXPECT_EQ(parse_problem(to_string(problem)), problem);
}

struct BadLine {
  const char* line;
  const char* message;
};

TEST(Problem, ABadLineNamesTheFieldTheValueAndWhatIsAllowed) {
  const BadLine bad[] = {
      {"types=i8,i9,bf16 mkn=1x4x1 scales=tensor bias=0 sparsity=dense",
       "problem field 'types' has the value 'i8,i9,bf16'; allowed: three of i8, fp8, bf16, fp16, "
       "f32, as A,B,D"},
      {"types=i8,i8,bf16 mkn=0x4x1 scales=tensor bias=0 sparsity=dense",
       "problem field 'mkn' has the value '0x4x1'; allowed: three whole numbers of at least 1, as "
       "MxKxN"},
      {"types=i8,i8,bf16 mkn=1x4x1 scales=block bias=0 sparsity=dense",
       "problem field 'scales' has the value 'block'; allowed: none, tensor, token, channel, "
       "token-channel"},
      {"types=i8,i8,bf16 mkn=1x4x1 scales=tensor bias=2 sparsity=dense",
       "problem field 'bias' has the value '2'; allowed: 0, 1"},
      {"types=i8,i8,bf16 mkn=1x4x1 scales=tensor bias=0 sparsity=1:2",
       "problem field 'sparsity' has the value '1:2'; allowed: dense, 2:4, 6:8"},
      {"types=i8,i8,bf16 mkn=1x4x1 scales=tensor bias=0 sparsity=dense batch=1",
       "problem field 'batch' has the value '1'; allowed: whole numbers of at least 2"},
      {"types=i8,i8,bf16 mkn=1x4x1 scales=tensor bias=0 sparsity=dense batch=2 x",
       "problem field '(after batch)' has the value 'x'; allowed: nothing"},
  };
  for (const auto& [line, message] : bad) {
    try {
      parse_problem(line);
      ADD_FAILURE() << "accepted: " << line;
    } catch (const std::invalid_argument& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
}

TEST(Problem, CountsOperationsAndWeightBytes) {
  const GemmShape shape{.m = 2, .n = 8, .k = 16};
  EXPECT_EQ(dense_operations(shape), 2.0 * 2 * 8 * 16);
  EXPECT_EQ(executed_operations(shape, Sparsity::kTwoFour), 2.0 * 8 * 16);
  EXPECT_EQ(weight_bytes(shape, DataType::kInt8, Sparsity::kTwoFour) / 128, 0.625);
  EXPECT_EQ(weight_bytes(shape, DataType::kBf16, Sparsity::kTwoFour) / 256, 0.5625);
  EXPECT_EQ(executed_operations(shape, Sparsity::kSixEight), 3.0 * 8 * 16);
  EXPECT_EQ(weight_bytes(shape, DataType::kInt8, Sparsity::kSixEight) / 128, 0.9375);
  EXPECT_EQ(weight_bytes(shape, DataType::kBf16, Sparsity::kSixEight) / 256, 0.84375);
}

TEST(Names, OutcomesAndVerdictsParseBack) {
  for (const auto& [kind, name] : kOutcomeNames) {
    EXPECT_EQ(to_string(kind), name);
    EXPECT_EQ(parse_outcome(name), kind);
  }
  for (const auto& [verdict, name] : kVerdictNames) {
    EXPECT_EQ(to_string(verdict), name);
    EXPECT_EQ(parse_verdict(name), verdict);
  }
  EXPECT_FALSE(parse_outcome("wrong").has_value());
}

}  // namespace
}  // namespace twofour
