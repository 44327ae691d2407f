#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workload/workload.h"

namespace twofour::workload {
namespace {

using ::testing::ElementsAre;

std::vector<GemmShape> shapes(const std::vector<Case>& cases) {
  std::vector<GemmShape> list;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(cases[i].index, static_cast<int>(i));
    list.push_back(cases[i].shape);
  }
  return list;
}

TEST(SquareCases, EndIsInclusive) {
  EXPECT_THAT(shapes(square_cases({.start = 2, .end = 6, .increment = 2})),
              ElementsAre(GemmShape{2, 2, 2}, GemmShape{4, 4, 4}, GemmShape{6, 6, 6}));
  EXPECT_THAT(shapes(square_cases({.start = 2, .end = 5, .increment = 2})),
              ElementsAre(GemmShape{2, 2, 2}, GemmShape{4, 4, 4}));
}

TEST(RangeCases, EndIsExclusiveAndFixedDimensionsStay) {
  EXPECT_THAT(shapes(range_cases({.start = 2, .end = 6, .increment = 2}, {})),
              ElementsAre(GemmShape{2, 2, 2}, GemmShape{4, 4, 4}));
  EXPECT_THAT(shapes(range_cases({.start = 1, .end = 3, .increment = 1}, {.k = 7, .n = 9})),
              ElementsAre(GemmShape{.m = 1, .n = 9, .k = 7}, GemmShape{.m = 2, .n = 9, .k = 7}));
}

TEST(ModelCases, RunModelThenTensorParallelThenBatchThenLayer) {
  const std::vector<Model> models{{.name = "x", .layers = {{"qkv", 8, 24, 'n'}, {"o", 16, 8, 'k'}}},
                                  {.name = "y", .layers = {{"down", 32, 8, 'k'}}}};
  const auto cases = model_cases(models, {3, 5}, {1, 2});
  EXPECT_THAT(shapes(cases),
              ElementsAre(GemmShape{3, 24, 8}, GemmShape{3, 8, 16}, GemmShape{5, 24, 8},
                          GemmShape{5, 8, 16}, GemmShape{3, 12, 8}, GemmShape{3, 8, 8},
                          GemmShape{5, 12, 8}, GemmShape{5, 8, 8}, GemmShape{3, 8, 32},
                          GemmShape{5, 8, 32}, GemmShape{3, 8, 16}, GemmShape{5, 8, 16}));
  EXPECT_EQ(cases[5].model, "x");
  EXPECT_EQ(cases[5].layer, "o");
  EXPECT_EQ(cases[5].tensor_parallel, 2);
  for (const Case& c : cases) EXPECT_EQ(c.skip_reason, std::nullopt);
}

TEST(ModelCases, AnUnevenSplitIsSkippedWithTheNumbers) {
  const std::vector<Model> models{
      {.name = "x", .layers = {{"qkv", 8, 24, 'n'}, {"o", 16, 8, 'k'}}}};
  const auto cases = model_cases(models, {1}, {3, 5});
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_EQ(cases[0].skip_reason, std::nullopt);
  EXPECT_EQ(cases[0].shape, (GemmShape{1, 8, 8}));
  EXPECT_EQ(cases[1].skip_reason, "x o: K = 16 does not divide by the TP size 3");
  EXPECT_EQ(cases[2].skip_reason, "x qkv: N = 24 does not divide by the TP size 5");
  EXPECT_EQ(cases[3].shape, (GemmShape{1, 8, 16}));
}

}  // namespace
}  // namespace twofour::workload
