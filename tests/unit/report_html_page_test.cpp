// The page as text: what a browser would be given. tests/page looks at it in a browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "records.h"
#include "report/columns.h"
#include "report/formats.h"
#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/page.h"

namespace twofour::report::html {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string page_of(std::vector<Record> records) {
  const report::Run run{
      .source = "run.jsonl", .environment = golden::environment(), .records = std::move(records)};
  return html_document({&run, 1});
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(HtmlPage, HasAPolicyThatLetsNothingButItsOwnStyleAndScriptRun) {
  const std::string policy = content_security_policy();
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; "));
  EXPECT_TRUE(std::regex_search(
      policy, std::regex("script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-"
                         "[A-Za-z0-9+/]{43}=';")))
      << policy;
  EXPECT_THAT(page_of(golden::model_records()), HasSubstr(policy));
}

TEST(HtmlPage, HasItsSectionsInOrder) {
  const std::string page = page_of(golden::model_records());
  std::size_t last = 0;
  for (const char* id :
       {"answer", "speed-up", "rounds", "time", "roofline", "cache", "table", "machine", "guide"}) {
    const std::size_t at = page.find("<section id=\"" + std::string(id) + "\"");
    ASSERT_NE(at, std::string::npos) << id;
    EXPECT_GT(at, last) << id;
    last = at;
  }
}

TEST(HtmlPage, LeavesOutSectionsThatHaveNothingToShow) {
  std::vector<Record> cold = golden::model_records();
  std::erase_if(cold, [](const Record& r) { return r.cache.mode == CacheMode::kHot; });
  EXPECT_THAT(page_of(cold), Not(HasSubstr("id=\"cache\"")));
  const std::string empty = page_of({});
  EXPECT_THAT(empty, HasSubstr("Not known"));
  EXPECT_THAT(empty, HasSubstr("id=\"machine\""));
  for (const char* id : {"id=\"speed-up\"", "id=\"rounds\"", "id=\"table\""}) {
    EXPECT_THAT(empty, Not(HasSubstr(id)));
  }
}

TEST(HtmlPage, ARunOfOneRowOrOfRowsWithoutAResultIsShown) {
  std::vector<Record> records = golden::range_records();
  EXPECT_THAT(page_of({records[3]}), HasSubstr("id=\"speed-up\""));
  std::vector<Record> none;
  for (const Record& r : records) {
    if (!r.outcome.measured()) none.push_back(r);
  }
  ASSERT_FALSE(none.empty());
  const std::string page = page_of(none);
  EXPECT_EQ(count(page, "<tr id=\"r"), none.size());
  EXPECT_THAT(page, HasSubstr(escape(none.front().outcome.reason)));
}

TEST(HtmlPage, HasARowForEachRecordWithTheNumbersOfTheTerminal) {
  const std::vector<Record> records = golden::model_records();
  const std::string page = page_of(records);
  EXPECT_EQ(count(page, "<tr id=\"r"), records.size());
  std::size_t at = 0;
  for (const Record& r : records) {
    at = page.find("<tr id=\"r", at + 1);
    const std::string row = page.substr(at, page.find('\n', at) - at);
    for (const Column& column : columns()) {
      if (column.heading != "median us" && column.heading != "TFLOP/s" &&
          column.heading != "vs dense [95% CI]") {
        continue;
      }
      EXPECT_THAT(row, HasSubstr(">" + column.cell(r)));
    }
  }
}

TEST(HtmlPage, MarksTheBreakEvenWhereTwoSizesAreDecidedDifferently) {
  // 2:4 wins at M = 1 and loses at M = 256.
  std::vector<Record> records;
  for (const Record& r : golden::model_records()) {
    if (r.layer == "qkv" && r.model == "lab/small" && r.cache.mode == CacheMode::kCold) {
      records.push_back(r);
    }
  }
  EXPECT_THAT(page_of(records), Not(HasSubstr("Break-even")));  // WIN, then TIE
  for (Record& r : records) {
    if (r.problem.shape.m == 1 || !r.vs_dense) continue;
    r.vs_dense = Ratio{0.8, {0.79, 0.81}, Verdict::kLoss};
  }
  EXPECT_THAT(page_of(records), HasSubstr("Break-even: between M = 1 and 128."));
}

TEST(HtmlPage, KeepsDevicesApart) {
  std::vector<report::Run> runs(2);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i] = {.source = "run.jsonl",
               .environment = golden::environment(),
               .records = golden::model_records()};
    const std::string name = i == 0 ? "First device" : "Second device";
    runs[i].environment.device.id.name = name;
    for (Record& r : runs[i].records) r.device->name = name;
  }
  const std::string both = html_document(runs);
  const std::string one = html_document({runs.data(), 1});
  EXPECT_EQ(count(both, "<figure>"), 2 * count(one, "<figure>"));
  EXPECT_EQ(count(both, "class=\"answer "), 2U);
  EXPECT_THAT(both, HasSubstr("data-key=\"device\""));
  EXPECT_THAT(one, Not(HasSubstr("data-key=\"device\"")));
}

TEST(HtmlPage, HostileTextsStayTexts) {
  const std::string page = page_of(golden::hostile_records());
  EXPECT_EQ(count(page, "<script"), 1U);
  EXPECT_EQ(count(page, "</script"), 1U);
  EXPECT_EQ(count(page, "<img"), 0U);
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_THAT(page, Not(HasSubstr("\u202E")));
}

/// The tags of a page without what stands in quotes, which is text.
std::vector<std::string> bare_tags(const std::string& html) {
  std::vector<std::string> tags;
  bool quoted = false;
  bool inside = false;
  for (const char c : html) {
    if (!inside && c == '<') {
      inside = true;
      tags.emplace_back();
    }
    if (inside && c == '"') quoted = !quoted;
    if (inside && !quoted) tags.back() += c;
    if (inside && !quoted && c == '>') inside = false;
  }
  return tags;
}

TEST(HtmlPage, NeverHasAnAttributeThatThePolicyForbids) {
  const std::string page = page_of(golden::hostile_records());
  const std::size_t begin = page.find("<body>");
  const std::vector<std::string> tags =
      bare_tags(page.substr(begin, page.find("<script>") - begin));
  EXPECT_GT(tags.size(), 500U);
  const std::regex forbidden(" (style|on[a-z]+|src|srcdoc|action)=");
  for (const std::string& tag : tags) EXPECT_FALSE(std::regex_search(tag, forbidden)) << tag;
}

TEST(HtmlPage, OfFiveThousandRowsStaysSmall) {
  std::vector<Record> many;
  const std::vector<Record> few = golden::model_records();
  for (int i = 0; many.size() < 5000; ++i) {
    for (Record r : few) {
      r.case_index += 100 * i;
      r.problem.shape.m += i;
      r.layer = r.layer + std::to_string(i % 40);
      r.repro = r.repro + (" --seed " + std::to_string(i));
      many.push_back(std::move(r));
    }
  }
  const std::string page = page_of(std::move(many));
  EXPECT_LT(page.size(), 4'000'000U);
  EXPECT_THAT(page, HasSubstr("the table has all"));
}

TEST(DataTable, TellsTheScriptWhatColumnsAre) {
  const std::vector<DataColumn> columns{
      {"name", "a <name>", false, true, true},
      {"ratio", "ratio", true, false, false, Order::kDescending, "how \"much\""}};
  const std::vector<DataRow> rows{{7, {name("x"), "1.5"}}};
  const std::string table = data_table("two & columns", columns, rows);
  EXPECT_THAT(table, HasSubstr("<caption>two &amp; columns</caption>"));
  EXPECT_THAT(
      table,
      HasSubstr("<th scope=\"col\" data-key=\"name\" data-filter data-tip>a &lt;name&gt;</th>"));
  EXPECT_THAT(table,
              HasSubstr("data-number class=\"n\" data-descending title=\"how &quot;much&quot;\""));
  EXPECT_THAT(table, HasSubstr("<tr id=\"r7\"><td><bdi>x</bdi><td class=n>1.5\n"));
}

}  // namespace
}  // namespace twofour::report::html
