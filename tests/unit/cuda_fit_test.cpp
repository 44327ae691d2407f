// What a GPU library is given for a problem that it does not take as it is, and what that costs;
// decided without a GPU.
#include "providers/gpu_fit/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace twofour::providers {
namespace {

using ::testing::Optional;

GemmProblem problem_of(Sparsity sparsity, const GemmShape& shape,
                       DataType type = DataType::kFp8E4m3) {
  return {.shape = shape, .a = type, .b = type, .d = DataType::kBf16, .sparsity = sparsity};
}

constexpr SideUnits kUnits{.k = 32, .n = 32};

TEST(Fit, LeavesWhatTheLibraryTakesAsItIs) {
  const GemmProblem asked = problem_of(Sparsity::kTwoFour, {.m = 7, .n = 4096, .k = 4096});
  const Fit fit = fit_to(asked, kUnits);
  EXPECT_FALSE(fit.changes());
  EXPECT_EQ(fit.given, asked);
  EXPECT_EQ(copies_of(fit), "");
  const Footprint same =
      footprint_of(fit, {.weights = {.key = "library/fp8", .bytes = 10}, .workspace_bytes = 20});
  EXPECT_EQ(same.weights.key, "library/fp8");
  EXPECT_EQ(same.workspace_bytes, 20U);
}

TEST(Fit, PadsTheSidesOfA72BModelAndLeavesM) {
  for (const std::int64_t m : {1, 7, 33, 100, 300}) {
    const Fit k_1848 =
        fit_to(problem_of(Sparsity::kTwoFour, {.m = m, .n = 4100, .k = 1848}), kUnits);
    EXPECT_EQ(k_1848.given.shape, (GemmShape{.m = m, .n = 4128, .k = 1856}));
    const Fit k_3696 = fit_to(problem_of(Sparsity::kDense, {.m = m, .n = 1000, .k = 3696}), kUnits);
    EXPECT_EQ(k_3696.given.shape, (GemmShape{.m = m, .n = 1024, .k = 3712}));
    EXPECT_EQ(k_3696.given.sparsity, Sparsity::kDense);
  }
}

TEST(Fit, CopiesOnlyWhatChanges) {
  const auto copies = [](const GemmShape& shape, Sparsity sparsity = Sparsity::kTwoFour) {
    return copies_of(fit_to(problem_of(sparsity, shape), kUnits));
  };
  EXPECT_EQ(copies({.m = 7, .n = 4096, .k = 1848}), "activations");
  EXPECT_EQ(copies({.m = 7, .n = 4100, .k = 4096}), "output");
  EXPECT_EQ(copies({.m = 7, .n = 4100, .k = 1848}), "activations and output");
  EXPECT_EQ(copies({.m = 7, .n = 4096, .k = 4096}, Sparsity::kSixEight), "activations");
}

TEST(Fit, SeveralGemmsInOneCallAreNotPadded) {
  const auto support = [](const GemmShape& shape, std::int64_t batch, Sparsity sparsity) {
    GemmProblem problem = problem_of(sparsity, shape);
    problem.batch = batch;
    return fits_as_batch(fit_to(problem, kUnits), kUnits);
  };
  const GemmShape ragged{.m = 7, .n = 4100, .k = 1848};
  EXPECT_TRUE(support(ragged, 1, Sparsity::kTwoFour));
  EXPECT_TRUE(support({.m = 7, .n = 4096, .k = 4096}, 8, Sparsity::kTwoFour));
  const Support padded = support(ragged, 8, Sparsity::kTwoFour);
  EXPECT_FALSE(padded);
  EXPECT_THAT(padded.reason, Optional(::testing::HasSubstr("K = 1848 and N = 4100")));
  EXPECT_FALSE(support({.m = 7, .n = 4096, .k = 4096}, 8, Sparsity::kSixEight));
}

TEST(Fit, ExpandsSixOfEightToTwoOfFour) {
  const Fit fit = fit_to(problem_of(Sparsity::kSixEight, {.m = 7, .n = 1000, .k = 1848}), kUnits);
  EXPECT_TRUE(fit.expands());
  EXPECT_EQ(fit.given.sparsity, Sparsity::kTwoFour);
  EXPECT_EQ(fit.asked.sparsity, Sparsity::kSixEight);
  // 2772 columns, padded.
  EXPECT_EQ(fit.given.shape, (GemmShape{.m = 7, .n = 1024, .k = 2784}));
  EXPECT_FALSE(
      fit_to(problem_of(Sparsity::kTwoFour, {.m = 7, .n = 1000, .k = 1848}), kUnits).expands());
}

TEST(Fit, RefusesPartOfAGroup) {
  const auto reason = [](Sparsity sparsity, std::int64_t k) {
    return whole_groups(problem_of(sparsity, {.m = 1, .n = 8, .k = k})).reason;
  };
  EXPECT_THAT(reason(Sparsity::kTwoFour, 1850),
              Optional(std::string("2:4 needs K to be a multiple of 4, not 1850")));
  EXPECT_THAT(reason(Sparsity::kSixEight, 1852),
              Optional(std::string("6:8 needs K to be a multiple of 8, not 1852")));
  EXPECT_FALSE(reason(Sparsity::kTwoFour, 1852));
  EXPECT_FALSE(reason(Sparsity::kSixEight, 1848));
  EXPECT_FALSE(reason(Sparsity::kDense, 7));
}

TEST(Fit, CountsTheBytesOfItsCopies) {
  const Fit fit = fit_to(problem_of(Sparsity::kTwoFour, {.m = 7, .n = 1000, .k = 1848}), kUnits);
  const FitBytes bytes = fit_bytes(fit);
  EXPECT_EQ(bytes.activations, 16U * 1856) << "the library may compute 16 rows";
  EXPECT_EQ(bytes.output, 16U * 1024 * 2);
  EXPECT_EQ(bytes.vectors, 1024U * (4 + 2 + 2));
  EXPECT_EQ(bytes.weights, 1024U * 1856);
  const Footprint all =
      footprint_of(fit, {.weights = {.key = "library/fp8", .bytes = 10}, .workspace_bytes = 20});
  EXPECT_EQ(all.weights.bytes, 10U) << "the library's, which are those of the padded weights";
  EXPECT_EQ(all.workspace_bytes,
            20 + bytes.activations + bytes.output + bytes.vectors + bytes.weights);
  const FitBytes wide = fit_bytes(fit_to(
      problem_of(Sparsity::kTwoFour, {.m = 17, .n = 1024, .k = 1848}, DataType::kBf16), kUnits));
  EXPECT_EQ(wide.activations, 32U * 1856 * 2);
  EXPECT_EQ(wide.output, 0U);
  EXPECT_EQ(wide.vectors, 0U);
}

// Kernels of a case share packed weights exactly where their keys are the same.
TEST(Fit, GivesOtherWeightsAnotherKey) {
  const auto key = [](Sparsity sparsity, const GemmShape& shape) {
    return footprint_of(fit_to(problem_of(sparsity, shape), kUnits), {.weights = {.key = "x"}})
        .weights.key;
  };
  EXPECT_EQ(key(Sparsity::kTwoFour, {.m = 1, .n = 1000, .k = 1848}), "x/1024x1856");
  EXPECT_EQ(key(Sparsity::kTwoFour, {.m = 9, .n = 1000, .k = 1848}), "x/1024x1856");
  EXPECT_EQ(key(Sparsity::kSixEight, {.m = 1, .n = 1000, .k = 1848}), "x/6:8 as 1024x2784");
}

}  // namespace
}  // namespace twofour::providers
