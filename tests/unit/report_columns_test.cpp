// The columns of tables and of the .csv.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "report/columns.h"
#include "report/describe.h"
#include "report/formats.h"
#include "report/layout.h"

namespace twofour::report {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> csv_names() {
  std::vector<std::string> names;
  for (const CsvColumn& column : csv_columns(list_of(record_fields()))) {
    names.push_back(column.name);
  }
  return names;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

Record record_with_reason(const std::string& reason) {
  Record record;
  record.problem.shape = {1, 2, 4};
  record.kernel = "mock_i8_i8_bf16_scaled_mm";
  record.outcome = {OutcomeKind::kFailed, reason};
  return record;
}

TEST(Columns, ShowMembersOfARecord) {
  std::set<std::string> paths;
  for (const DescribedField& d : described(list_of(record_fields()))) paths.insert(d.path);
  for (const Column& column : columns()) {
    EXPECT_TRUE(column.field.empty() || paths.count(std::string(column.field)) == 1)
        << column.heading << ": " << column.field;
  }
}

TEST(CaseTable, HasTheEffectiveClockWhereItWasMeasured) {
  std::vector<Record> records(2, record_with_reason("plain"));
  const auto headings = [&](Medium medium) {
    std::vector<std::string> texts;
    for (const auto& heading : case_table(records, medium).grid.headings) {
      texts.push_back(heading.text);
    }
    return texts;
  };
  EXPECT_THAT(headings(Medium::kText), ::testing::Not(::testing::Contains("SM MHz")));
  records[0].outcome = {};
  records[0].summary = Summary{.median_s = 1e-5, .samples = 10};
  records[0].clocks.core_mhz = 1980;
  records[0].clocks.effective_sm_mhz = 1711.6;
  EXPECT_THAT(headings(Medium::kText), ::testing::Contains("SM MHz"));
  EXPECT_THAT(headings(Medium::kMarkdown), ::testing::Not(::testing::Contains("SM MHz")));
  EXPECT_THAT(case_table(records, Medium::kText).grid.rows[0].cells, ::testing::Contains("1712"));
}

TEST(CaseTable, SaysHowManyTokensAnExpertsRowsAreOf) {
  Record record = record_with_reason("plain");
  record.model = "m";
  record.layer = "expert_down";
  record.tokens = 1;
  const auto heading = [&] { return case_table({{record}}, Medium::kText).title; };
  EXPECT_EQ(heading(), "[0]  scaled-torch.int8-gemm | MKN=(1x4x2) | expert_down of m, TP 1");
  record.tokens = 64;
  EXPECT_EQ(heading(),
            "[0]  scaled-torch.int8-gemm | MKN=(1x4x2) | expert_down of m, TP 1, 64 tokens");
}

TEST(Csv, HasEveryColumnOnce) {
  const auto names = csv_names();
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

TEST(Csv, HasAFieldForEachColumn) {
  const std::vector<Record> records{record_with_reason("plain")};
  const auto lines = split(csv(records), '\n');
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(split(lines[0], ','), ElementsAreArray(csv_names()));
  // The last field is empty here: a comma less than fields.
  EXPECT_EQ(std::count(lines[1].begin(), lines[1].end(), ',') + 1,
            static_cast<std::ptrdiff_t>(csv_names().size()));
}

TEST(Csv, QuotesAsRfc4180) {
  const std::vector<Record> records{record_with_reason("a, \"b\"\nc")};
  EXPECT_NE(csv(records).find(",failed,\"a, \"\"b\"\"\nc\",cold,"), std::string::npos);
}

TEST(Csv, WithoutRecordsIsTheHeader) {
  const std::string text = csv({});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(VsDenseText, HasNoIntervalOfFewSamples) {
  Record record;
  record.vs_dense = Ratio{.value = 0.856, .interval = {0.84, 0.87}};
  EXPECT_EQ(vs_dense_text(record), "0.856x [0.840, 0.870]");
  record.summary = Summary{.samples = 1};
  EXPECT_EQ(vs_dense_text(record), "0.856x") << "as earlier files have it";
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  record.summary->samples = 12;
  record.vs_dense->interval = {kNan, kNan};
  EXPECT_EQ(vs_dense_text(record), "0.856x");
}

TEST(Notes, SayWhatWasPaddedAndCopied) {
  Record record;
  record.problem.shape = {.m = 7, .n = 4100, .k = 1848};
  record.executed = record.problem.shape;
  EXPECT_EQ(notes_text(record), "");
  record.executed = {.m = 16, .n = 4128, .k = 1856};
  EXPECT_EQ(notes_text(record), "padded to M=16, K=1856, N=4128");
  record.copies = "activations and output";
  EXPECT_EQ(notes_text(record), "padded to M=16, K=1856, N=4128, copies activations and output");
  record.problem.sparsity = Sparsity::kSixEight;
  record.executed = {.m = 7, .n = 4100, .k = 2784};
  record.copies = "activations";
  EXPECT_EQ(notes_text(record), "expanded to K=2784, copies activations");
}

TEST(NoResult, SaysKindAndReason) {
  EXPECT_EQ(no_result(record_with_reason("status 7")), "failed: status 7");
  EXPECT_EQ(no_result(record_with_reason("")), "failed");
  Record unstable;
  unstable.outcome = {OutcomeKind::kUnstable, "--max-time was over"};
  EXPECT_EQ(no_result(unstable), "");
}

}  // namespace
}  // namespace twofour::report
