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

Model attention(std::int64_t query, std::int64_t key_value, std::int64_t size,
                std::int64_t value_size) {
  const AttentionHeads heads{query, key_value, size, value_size};
  return {
      .name = "x",
      .heads = heads,
      .layers = {{.name = "qkv", .k = 8, .n = heads.qkv().width(), .heads = heads.qkv()},
                 {.name = "o", .k = heads.o().width(), .n = 8, .split = 'k', .heads = heads.o()}}};
}

TEST(ModelCases, KeyValueHeadsAreReplicatedNotCut) {
  const std::vector<Model> models{attention(32, 8, 128, 128)};  // Llama-3-8b
  const auto cases = model_cases(models, {1}, {1, 8, 16, 32});
  EXPECT_THAT(shapes(cases),
              ElementsAre(GemmShape{1, 6144, 8}, GemmShape{1, 8, 4096}, GemmShape{1, 768, 8},
                          GemmShape{1, 8, 512}, GemmShape{1, 512, 8}, GemmShape{1, 8, 256},
                          GemmShape{1, 384, 8}, GemmShape{1, 8, 128}));
  for (const Case& c : cases) EXPECT_EQ(c.skip_reason, std::nullopt);
}

TEST(ModelCases, ValuesMayHaveHeadsOfAnotherSize) {
  const auto cases = model_cases({attention(8, 2, 6, 4)}, {1}, {4});
  EXPECT_EQ(cases[0].shape.n, 2 * 6 + 1 * (6 + 4));
  EXPECT_EQ(cases[1].shape.k, 2 * 4);
}

TEST(ModelCases, HeadsThatCannotBeDealtOutSkipBothProjections) {
  const auto attention_heads = model_cases({attention(28, 4, 128, 128)}, {1}, {8});
  ASSERT_EQ(attention_heads.size(), 2U);
  EXPECT_EQ(attention_heads[0].skip_reason,
            "x qkv: 28 attention heads do not divide by the TP size 8");
  EXPECT_EQ(attention_heads[1].skip_reason,
            "x o: 28 attention heads do not divide by the TP size 8");
  const auto key_value_heads = model_cases({attention(60, 4, 128, 128)}, {1}, {6});
  EXPECT_EQ(key_value_heads[0].skip_reason,
            "x qkv: 4 key-value heads and the TP size 6 do not divide one another");
  EXPECT_EQ(key_value_heads[1].skip_reason,
            "x o: 4 key-value heads and the TP size 6 do not divide one another");
}

TEST(ModelCases, SayHowOftenALayerRuns) {
  const std::vector<Model> models{
      {.name = "x",
       .layers = {{.name = "o", .k = 8, .n = 8, .count = 3},
                  {.name = "unknown", .k = 8, .n = 8},
                  {.name = "kv_b", .k = 8, .n = 8, .count = 2, .prefill_only = true}}}};
  const auto cases = model_cases(models, {5}, {2});
  EXPECT_EQ(cases[0].tokens, 5);
  EXPECT_EQ(cases[0].instances, 3);
  EXPECT_EQ(cases[0].calls, 3);
  EXPECT_FALSE(cases[0].prefill_only);
  EXPECT_EQ(cases[1].tokens, 5);
  EXPECT_EQ(cases[1].instances, std::nullopt);
  EXPECT_EQ(cases[1].calls, std::nullopt);
  EXPECT_TRUE(cases[2].prefill_only);
  EXPECT_EQ(square_cases({.start = 2, .end = 2, .increment = 2}).front().tokens, std::nullopt);
}

// DeepSeek-V3's numbers: 58 layers of 256 experts, 8 for each token.
TEST(ModelCases, AnExpertSeesTheTokensThatReachIt) {
  const std::vector<Model> models{
      {.name = "x",
       .layers = {
           {.name = "expert_down", .k = 8, .n = 8, .count = 58, .experts = Experts{256, 8}}}}};
  const auto cases = model_cases(models, {1, 64, 512}, {1});
  ASSERT_EQ(cases.size(), 6U) << "one of them, and all in one launch";
  EXPECT_EQ(cases[0].shape.m, 1);
  EXPECT_EQ(cases[0].calls, 58 * 8);
  EXPECT_EQ(cases[2].shape.m, 3);
  EXPECT_EQ(cases[2].calls, 58 * 222);
  EXPECT_EQ(cases[4].shape.m, 16);
  EXPECT_EQ(cases[4].calls, 58 * 256);
  for (const Case& c : cases) EXPECT_EQ(c.instances, 58 * 256);
  EXPECT_EQ(cases[4].tokens, 512);
}

TEST(ModelCases, AllExpertsThatTokensReachAreACaseOfTheirOwn) {
  const std::vector<Model> models{
      {.name = "x",
       .layers = {{.name = "expert_up", .k = 8, .n = 8, .count = 58, .experts = Experts{256, 8}},
                  {.name = "expert_one", .k = 8, .n = 8, .count = 1, .experts = Experts{4, 1}}}}};
  const auto cases = model_cases(models, {64, 1}, {1});
  EXPECT_EQ(cases[0].experts, std::nullopt);
  EXPECT_EQ(cases[1].layer, "expert_up_all_experts");
  EXPECT_EQ(cases[1].experts, 222);
  EXPECT_EQ(cases[1].shape, cases[0].shape);
  EXPECT_EQ(cases[1].calls, 58) << "launches";
  EXPECT_EQ(cases[1].instances, cases[0].instances);
  EXPECT_EQ(cases.back().layer, "expert_one") << "one token reaches one: nothing to add";
}

TEST(Experts, AreNeverMoreThanThereAreNorFewerThanATokenNeeds) {
  const Experts all{4, 4};
  EXPECT_EQ(all.active(1), 4);
  EXPECT_EQ(all.rows(7), 7);
  const Experts one{1000, 1};
  EXPECT_EQ(one.active(1), 1);
  EXPECT_EQ(one.active(2), 2);
  EXPECT_EQ(one.active(std::int64_t{1} << 28), 1000);
}

TEST(ModelCases, ALayerMayBeWholeOnEachDevice) {
  const auto cases = model_cases(
      {{.name = "x", .layers = {{.name = "a", .k = 8, .n = 9, .split = '-'}}}}, {1}, {4});
  EXPECT_EQ(cases[0].shape, (GemmShape{1, 9, 8}));
  EXPECT_EQ(cases[0].skip_reason, std::nullopt);
}

}  // namespace
}  // namespace twofour::workload
