// What each format makes of names that try to break it, and of nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compare/formats.h"
#include "compare/words.h"
#include "compare_runs.h"

namespace twofour::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Runs = std::vector<report::Run>;

std::string rendered(std::string_view format, const Comparison& comparison,
                     const report::Display& display = {}) {
  const Format* found = find_format(format);
  EXPECT_NE(found, nullptr) << format;
  return found == nullptr ? std::string() : document(*found, comparison, display);
}

Comparison of_a_name(const std::string& name) {
  Random random(1);
  const auto named = [&](double location) {
    Record r = row("cpu_mm", 1, times(random, 30, location, 0.001));
    r.kernel = r.model = r.layer = r.algorithm = name;
    return r;
  };
  Record broken = without(named(1e-3), OutcomeKind::kFailed, name);
  broken.problem.bias = true;
  Record whole = named(1e-3);
  whole.problem.bias = true;
  return compare(Runs{run({named(1e-3), whole}, name)}, Runs{run({named(2e-3), broken}, name)}, {});
}

TEST(Outputs, HostileNamesBreakNoFormat) {
  using namespace std::string_literals;
  for (const std::string& name :
       {"</script><script>alert(1)</script>"s, "\"quoted\", 'twice'"s, std::string(10'000, 'x'),
        "\u202egnp.exe\u2066"s, "a\0b\x1b[31m\n| c |"s, "\xff\xfe"s}) {
    const Comparison comparison = of_a_name(name);
    ASSERT_EQ(comparison.changes.size(), 2U);
    for (const Format& format : formats()) {
      const std::string text = document(format, comparison, {.width = 80});
      EXPECT_THAT(text, HasSubstr("SLOWER")) << format.name;
      if (format.name == "csv" || format.name == "jsonl") continue;  // for programs
      EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << format.name;
      EXPECT_THAT(text, Not(HasSubstr("\u202e"))) << format.name;
      if (format.name == "table") continue;
      EXPECT_THAT(text, Not(HasSubstr("<script>alert"))) << format.name;
    }
    std::istringstream lines(rendered("jsonl", comparison));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    }
    EXPECT_EQ(count, 2);
  }
}

TEST(Outputs, TheTableFitsATerminal) {
  for (const std::size_t width : {std::size_t{80}, std::size_t{100}, std::size_t{200}}) {
    std::istringstream text(rendered(
        "table", of_a_name("cutlass_fp8_fp8_bf16_scaled_sparse_mm_bias"), {.width = width}));
    for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), width) << line;
  }
}

TEST(Outputs, ATerminalHasNoRowsThatAreSame) {
  Random random(1);
  const Runs before{run({row("cpu_mm", 1, times(random, 30, 1e-3, 0.001))})};
  const Runs after{run({row("cpu_mm", 1, times(random, 30, 1e-3, 0.001))})};
  const Comparison comparison = compare(before, after, {});
  EXPECT_THAT(rendered("table", comparison), HasSubstr("1x4096x4096"));
  EXPECT_THAT(rendered("table", comparison, {.width = 80}), Not(HasSubstr("1x4096x4096")));
  EXPECT_THAT(rendered("table", comparison, {.width = 80}), HasSubstr("1 row is SAME"));
}

TEST(Outputs, MarkdownHasAtMostEightColumns) {
  std::istringstream text(rendered("md", of_a_name("name")));
  int tables = 0;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("|:--")) continue;
    ++tables;
    EXPECT_LE(std::count(line.begin(), line.end(), '|'), 9) << line;
  }
  EXPECT_GE(tables, 1);
}

TEST(Outputs, OfNothing) {
  const Comparison nothing = compare(Runs{run({})}, Runs{run({})}, {});
  EXPECT_THAT(rendered("table", nothing), HasSubstr("Nothing can be compared: no rows"));
  EXPECT_THAT(rendered("md", nothing), HasSubstr("Nothing can be compared"));
  EXPECT_EQ(rendered("jsonl", nothing), "");
}

TEST(PercentChange, HasOneDigit) {
  EXPECT_EQ(percent_change(1.0494), "+4.9%");
  EXPECT_EQ(percent_change(0.5), "-50.0%");
  EXPECT_EQ(percent_change(0.9999), "0.0%");
  EXPECT_EQ(percent_change(3), "+200%");
  EXPECT_EQ(percent_change(std::numeric_limits<double>::infinity()), "no end");
  EXPECT_EQ(change_text(1.05, {1.03, 1.07}), "+5.0% [+3.0, +7.0]");
}

}  // namespace
}  // namespace twofour::compare
