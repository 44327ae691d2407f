// The list of columns: one set of names, the ones that docs/records.md explains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "report/columns.h"
#include "report/report.h"

namespace twofour::report {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> csv_names() {
  std::vector<std::string> names;
  for (const Column& column : columns()) {
    if (column.value != nullptr) names.emplace_back(column.name);
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

TEST(Columns, HaveANameExactlyWhereTheyHaveAValue) {
  for (const Column& column : columns()) {
    EXPECT_EQ(column.value != nullptr, !column.name.empty()) << column.heading;
    EXPECT_TRUE(column.value != nullptr || column.cell != nullptr) << column.name;
    EXPECT_TRUE(column.cell != nullptr || column.heading.empty()) << column.name;
  }
  const auto names = csv_names();
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

TEST(Columns, AreThoseOfTheDocumentation) {
  std::ifstream stream(TWOFOUR_SOURCE_DIR "/docs/records.md");
  std::vector<std::string> documented;
  bool in_table = false;
  for (std::string line; std::getline(stream, line);) {
    if (line == "| Column | Meaning |") in_table = true;
    if (in_table && !line.starts_with('|')) break;
    if (in_table && line.starts_with("| `"))
      documented.push_back(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_THAT(documented, ElementsAreArray(csv_names()));
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

TEST(NoResult, SaysKindAndReason) {
  EXPECT_EQ(no_result(record_with_reason("status 7")), "failed: status 7");
  EXPECT_EQ(no_result(record_with_reason("")), "failed");
  Record unstable;
  unstable.outcome = {OutcomeKind::kUnstable, "--max-time was over"};
  EXPECT_EQ(no_result(unstable), "");
}

}  // namespace
}  // namespace twofour::report
