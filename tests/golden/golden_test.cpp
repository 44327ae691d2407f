// Each format against its literal expected text.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "records.h"
#include "report/formats.h"

namespace twofour::golden {
namespace {

std::string file(const std::string& path) {
  std::ifstream stream(TWOFOUR_SOURCE_DIR "/" + path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_TRUE(stream) << path;
  return text.str();
}

std::string expected(const std::string& name) { return file("tests/golden/expected/" + name); }

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, IsTheExpectedText) { EXPECT_EQ(rendering(GetParam()), expected(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Formats, Golden, ::testing::ValuesIn(rendering_names()),
                         [](const auto& name) {
                           std::string words = name.param;
                           for (char& c : words) {
                             if (c == '.' || c == '-') c = '_';
                           }
                           return words;
                         });

TEST(Generated, FilesAreWhatTheFieldsSay) {
  for (const GeneratedFile& generated : generated_files()) {
    const std::string text = file(generated.path);
    const auto [begin, length] = place_in(text, generated);
    EXPECT_EQ(text.substr(begin, length), generated.text())
        << generated.path << ": renew it with write_golden --renew";
  }
}

TEST(GoldenTable, FitsATerminalOf180Columns) {
  for (const char* name : {"range.txt", "model.txt"}) {
    std::istringstream text(expected(name));
    for (std::string line; std::getline(text, line);) {
      if (line.find("Does 2:4 pay off here?") != std::string::npos) continue;
      EXPECT_LE(line.size(), 180U) << line;
    }
  }
}

TEST(GoldenTable, FitsTheTerminalThatItIsFor) {
  for (const auto& [name, width] : {std::pair{"range-80-columns.txt", std::size_t{80}},
                                    std::pair{"range-100-columns.txt", std::size_t{100}},
                                    std::pair{"model-summary.txt", std::size_t{80}}}) {
    std::istringstream text(expected(name));
    for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), width) << line;
  }
}

TEST(GoldenTable, KeepsTheRowsOfACaseTogetherThatWasResumed) {
  const std::vector<Record> records = range_records();
  std::vector<Record> resumed;
  for (const std::size_t parity : {std::size_t{1}, std::size_t{0}}) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i % 2 == parity) resumed.push_back(records[i]);
    }
  }
  const report::Run run{.source = "run.jsonl", .environment = environment(), .records = resumed};
  const std::string text = report::table_document({&run, 1});
  std::size_t headings = 0;
  for (std::size_t at = text.find("MKN="); at != std::string::npos;
       at = text.find("MKN=", at + 1)) {
    ++headings;
  }
  EXPECT_EQ(headings, 3U);
  EXPECT_LT(text.find("\n[0]"), text.find("\n[1]"));
}

TEST(GoldenTable, NothingMeasuredPrintsNothing) {
  for (const report::Format& format : report::formats()) {
    if (format.case_block != nullptr) {
      EXPECT_EQ(format.case_block({}), "");
    }
  }
  const report::Run run{.source = "run.jsonl", .environment = environment(), .records = {}};
  EXPECT_EQ(report::table_document({&run, 1}), "");
  EXPECT_EQ(report::markdown_document({&run, 1}), "");
}

}  // namespace
}  // namespace twofour::golden
