// What tables say of stored weights, and that a record keeps it.
#include "report/real_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/report.h"

namespace twofour::report {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Record row_of(const std::string& layer, std::int64_t m, Sparsity sparsity) {
  Record row;
  row.mode = BenchMode::kModel;
  row.model = "lab/m";
  row.layer = layer;
  row.problem = {.shape = {.m = m, .n = 8, .k = 8}, .sparsity = sparsity};
  row.kernel = "k";
  row.real_weights = RealWeights{.tensors = {"f: t"},
                                 .stored = "BF16",
                                 .activations = "normal(0, 1), seed 0",
                                 .rows = 64,
                                 .columns_share = 1};
  row.real_weights->quantisation_error = 0.01;
  return row;
}

Record sparse_row(const std::string& layer, std::int64_t m, double pruning, double ratio) {
  Record row = row_of(layer, m, Sparsity::kTwoFour);
  row.real_weights->mask = WeightMask::kMagnitude;
  row.real_weights->retained_energy = 1 - pruning * pruning;
  row.real_weights->pruning_error = pruning;
  row.real_weights->quantisation_error = 0.02;
  row.real_weights->arithmetic_error = m == 1 ? 0.001 : 0.002;
  row.vs_dense = Ratio{ratio, {ratio, ratio}, Verdict::kWin};
  return row;
}

TEST(RealWeightsTable, HasARowForEachLayerTheWorstFirst) {
  const std::vector<Record> records{
      row_of("qkv", 1, Sparsity::kDense), sparse_row("qkv", 1, 0.25, 1.5),
      sparse_row("qkv", 16, 0.25, 1.2), sparse_row("qkv", 16, 0.25, 1.1),
      sparse_row("o", 1, 0.5, 1.25)};
  const Grid grid = real_weights_table(records);
  ASSERT_EQ(grid.rows.size(), 2U);
  EXPECT_EQ(grid.rows[0].cells,
            (std::vector<std::string>{"o of lab/m, TP 1", "BF16", "magnitude", "75.00 %", "50.00 %",
                                      "2.000 %", "0.1000 %", "", "1.250x"}));
  EXPECT_EQ(grid.rows[1].cells, (std::vector<std::string>{
                                    "qkv of lab/m, TP 1", "BF16", "magnitude", "93.75 %", "25.00 %",
                                    "2.000 %", "0.2000 %", "1.000 %", "1.200x to 1.500x"}));
  const std::string text = real_weights_text(records);
  EXPECT_THAT(text,
              StartsWith("Pruning costs most in o of lab/m, TP 1: 50.00 % of the output's norm, "
                         "with 75.00 % of the energy of its weights retained."));
  EXPECT_THAT(text, HasSubstr("They are not accuracy on any task"));
}

Record surveyed_row(const std::string& layer, std::int64_t decoder_layers,
                    std::vector<SurveyedLayer> survey) {
  Record row = sparse_row(layer, 1, 0.25, 1.5);
  row.real_weights->decoder_layers = decoder_layers;
  row.real_weights->survey = std::move(survey);
  return row;
}

TEST(RealWeightsTable, NamesTheWorstOfAllDecoderLayers) {
  const std::vector<Record> records{
      surveyed_row("qkv", 2, {{0, 0.875, 0.375, 0.01, ""}, {1, 0.75, 0.5, 0.01, ""}}),
      surveyed_row("o", 4, {{0, 0.9375, 0.25, 0.01, ""}, {2, {}, {}, {}, "f: t: is NaN"}})};
  const Grid grid = real_weights_table(records);
  ASSERT_EQ(grid.headings.size(), 12U);
  EXPECT_EQ(grid.rows[0].cells[9], "2");
  EXPECT_EQ(grid.rows[0].cells[10], "75.00 to 87.50 %");
  EXPECT_EQ(grid.rows[0].cells[11], "37.50 to 50.00 %");
  EXPECT_EQ(grid.rows[1].cells[9], "2 of 4");
  const std::string text = real_weights_text(records);
  EXPECT_THAT(text,
              HasSubstr("Over 3 weights of all decoder layers, pruning costs most in qkv of "
                        "decoder layer 1 (50.00 %, 75.00 % retained), qkv of decoder layer 0"));
  EXPECT_THAT(text, HasSubstr("no time for all decoder layers of o: 2 of 4 were looked at"));
  EXPECT_THAT(text, HasSubstr("o of decoder layer 2 cannot be read: f: t: is NaN."));
  const Grid each = survey_table(records);
  ASSERT_EQ(each.rows.size(), 3U);
  EXPECT_EQ(each.rows[0].cells,
            (std::vector<std::string>{"0", "37.50 % (87.50 %)", "25.00 % (93.75 %)"}));
  EXPECT_EQ(each.rows[2].cells, (std::vector<std::string>{"2", "", "f: t: is NaN"}));
  EXPECT_THAT(survey_table({}).rows, IsEmpty());
}

TEST(RealWeightsTable, IsEmptyWhereOperandsWereDrawn) {
  Record row = sparse_row("o", 1, 0.5, 1.25);
  row.real_weights.reset();
  EXPECT_THAT(real_weights_table({&row, 1}).rows, IsEmpty());
  EXPECT_EQ(real_weights_text({&row, 1}), "");
}

TEST(RealWeightsTable, LeavesOtherTypesOut) {
  Record row = sparse_row("o", 1, 0.5, 1.25);
  row.problem.a = DataType::kBf16;  // of an int8 run
  EXPECT_THAT(real_weights_table({&row, 1}).rows, IsEmpty());
}

TEST(RealWeights, AreKeptByALineOfAResultFile) {
  const Record row =
      surveyed_row("o", 2, {{0, 0.875, 0.375, 0.01, ""}, {1, {}, {}, {}, "f: t: is NaN"}});
  EXPECT_EQ(parse_record_json(record_json(row)).real_weights, row.real_weights);
  const Record dense = row_of("o", 1, Sparsity::kDense);
  const std::string line = record_json(dense);
  EXPECT_EQ(line.find("retained_energy"), std::string::npos);
  EXPECT_EQ(parse_record_json(line).real_weights, dense.real_weights);
}

}  // namespace
}  // namespace twofour::report
