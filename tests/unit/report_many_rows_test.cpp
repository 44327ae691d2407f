// Reports of more rows than people look at, or than are held as text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "report/formats.h"
#include "report/html/page.h"
#include "report/results.h"

namespace twofour::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Cases of a dense and a 2:4 row; the last one has the longest kernel's name.
std::vector<report::Run> sweep(int cases) {
  report::Run run{.source = "a.jsonl"};
  run.environment.device.id.name = "CPU";
  for (int i = 0; i < cases; ++i) {
    for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
      Record r;
      r.mode = BenchMode::kRange;
      r.case_index = i;
      r.problem.shape = {.m = i + 1, .n = 64, .k = 64};
      r.problem.sparsity = sparsity;
      r.provider = "cpu";
      r.kernel = sparsity == Sparsity::kDense ? "dense" : i + 1 == cases ? "longest" : "sparse";
      r.summary = Summary{.median_s = 1e-3, .mean_s = 1e-3, .samples = 10};
      if (is_sparse(sparsity)) {
        r.vs_dense = Ratio{.value = 1.5, .interval = {1.4, 1.6}, .verdict = Verdict::kWin};
      }
      run.records.push_back(r);
    }
  }
  return {run};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

/// The lines of the table's rows.
std::vector<std::string> rows_of(const std::string& table) {
  std::vector<std::string> rows;
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    const std::string line = table.substr(begin, end - begin);
    if (line.starts_with(">  ") || line.starts_with("   dense")) rows.push_back(line);
    begin = end + 1;
  }
  return rows;
}

TEST(ManyRows, ATableInPiecesIsOneTable) {
  constexpr int kCases = 2100;  // two rows each: three pieces
  const std::vector<std::string> rows = rows_of(table_document(sweep(kCases)));
  ASSERT_EQ(rows.size(), 2U * kCases);
  // All rows have the width that the last one needs.
  const std::size_t ends = rows.back().find("longest") + std::string("longest").size();
  EXPECT_EQ(rows[1].substr(0, ends), ">  sparse ");
  EXPECT_EQ(rows[1].size(), rows.back().size());
}

TEST(ManyRows, OnATerminalThereIsASummaryThatSaysSo) {
  const auto few = sweep(static_cast<int>(kMostRowsOnTerminal / 2));
  const auto many = sweep(static_cast<int>(kMostRowsOnTerminal / 2) + 1);
  const Display display{.width = 80, .height = 24};
  EXPECT_EQ(rows_of(table_document_on(few, display)).size(), kMostRowsOnTerminal);
  const std::string summary = table_document_on(many, display);
  EXPECT_LE(count(summary, "\n"), 60U);
  EXPECT_THAT(summary, HasSubstr("A summary of 20002 rows: more than 20000 are not shown"));
  EXPECT_EQ(rows_of(table_document(many)).size(), kMostRowsOnTerminal + 2) << "a pipe gets all";
}

TEST(ManyRows, APageHasThoseOfSomeCasesAndTheAnswerOfAll) {
  const std::vector<report::Run> runs = sweep(100);
  const Results results = join(runs);
  const std::string page = html_document(results, {}, 50);
  EXPECT_THAT(page, HasSubstr("Pictures and the table have 50 of 200 rows: those of cases at even "
                              "distances."));
  EXPECT_EQ(count(page, "<tr id=\"r"), 50U);
  EXPECT_THAT(page, HasSubstr("100 WIN")) << "the answer is of all";
  const std::string whole = html_document(results, {}, 200);
  EXPECT_EQ(count(whole, "<tr id=\"r"), 200U);
  EXPECT_THAT(whole, AllOf(HasSubstr("All 200 rows"), Not(HasSubstr("even distances"))));
}

TEST(ManyRows, APullRequestTakesIt) {
  constexpr std::size_t kGitHubTakes = 65536;
  const std::string text = markdown_document(sweep(20000));
  EXPECT_LE(text.size(), kGitHubTakes);
  EXPECT_THAT(text, AllOf(HasSubstr("too long for a pull request"), HasSubstr("of 20000 rows")));
}

TEST(ResultsBuilder, HoldsRowsOnceAndDropsTheirSamples) {
  std::vector<report::Run> runs = sweep(3);
  ResultsBuilder builder(100);
  builder.begin(runs[0]);
  for (Record record : runs[0].records) {
    record.samples = Samples{.device_s = {1, 2}, .host_s = {1, 2}};
    builder.add(std::move(record), runs[0]);
  }
  builder.drop_samples();
  runs[0].records.clear();
  const Results results = builder.finish(runs);
  ASSERT_EQ(results.devices.size(), 1U);
  EXPECT_EQ(results.devices[0].runs.front(), runs.data());
  ASSERT_EQ(results.devices[0].sweeps.front().records.size(), 6U);
  for (const Record& record : results.devices[0].sweeps.front().records) {
    EXPECT_FALSE(record.samples);
  }
}

}  // namespace
}  // namespace twofour::report
