// Numbers and grids as text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "report/grid.h"
#include "report/numbers.h"

namespace twofour::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Numbers, ExactOnesReadBackAsTheSame) {
  for (const double value : {0.1, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.125}) {
    EXPECT_EQ(std::strtod(exact_number(value).c_str(), nullptr), value);
  }
  EXPECT_EQ(exact_number(kNan), "");
  EXPECT_EQ(exact_number(-kInfinity), "");
}

TEST(Numbers, ShortOnesHaveFourDigits) {
  EXPECT_EQ(short_number(0.0012345), "0.001234");
  EXPECT_EQ(short_number(12.345), "12.35");
  EXPECT_EQ(short_number(1234.5), "1234");
  EXPECT_EQ(short_number(7654321), "7654321");
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(kNan), "nan");
  EXPECT_EQ(short_number(kInfinity), "inf");
}

TEST(Numbers, LessThanEverythingIsNotAHundredPercent) {
  EXPECT_EQ(percent(1), "100%");
  EXPECT_EQ(percent(0.99999), "99%");
  EXPECT_EQ(percent(0.125), "12%");
  EXPECT_EQ(percent(0.00123), "0.12%");
  EXPECT_EQ(percent(0), "0%");
}

TEST(Numbers, Times) {
  EXPECT_EQ(times(1.23456), "1.235x");
  EXPECT_EQ(times(kNan), "nan");
}

TEST(Grids, AlignColumnsAndLetRemarksRunOn) {
  const Grid grid{
      .headings = {{"name"}, {"us", Align::kRight}, {"notes"}},
      .rows = {{.section = "[0] first"},
               {.cells = {"a", "12.5", "-"}},
               {.cells = {"longer", "", ""}, .remark = "failed: two\nlines", .remark_column = 1}}};
  EXPECT_EQ(grid_text(fitted(grid, {})),
            "name      us  notes\n"
            "-------------------\n"
            "[0] first\n"
            "a       12.5  -\n"
            "longer  failed: two lines\n");
  EXPECT_EQ(grid_width(grid), 19U);
}

/// Three columns, of which the second goes first, and then the third stands below.
Grid narrow_grid() {
  return {.headings = {{.text = "kernel", .cut = true},
                       {.text = "time", .align = Align::kRight, .drop = 1},
                       {.text = "notes", .below = true}},
          .rows = {{.cells = {"cpu_i8_i8_bf16_mm", "12.5", "UNSTABLE padded"}, .below = "UNSTABLE"},
                   {.cells = {"cpu", "", ""},
                    .remark = "failed: a reason that is longer than the line",
                    .remark_column = 1}}};
}

std::string shown_at(std::size_t width) {
  const Display display{.width = width};
  return grid_text(fitted(narrow_grid(), display), display);
}

TEST(Grids, DropColumnsThenPutNotesBelowThenCutNames) {
  EXPECT_EQ(shown_at(0), shown_at(70));
  EXPECT_EQ(shown_at(34),
            "kernel             notes\n"
            "----------------------------------\n"
            "cpu_i8_i8_bf16_mm  UNSTABLE padded\n"
            "cpu\n"
            "      failed: a reason that is\n"
            "      longer than the line\n");
  EXPECT_EQ(shown_at(24),
            "kernel             time\n"
            "-----------------------\n"
            "cpu_i8_i8_bf16_mm  12.5\n"
            "      UNSTABLE\n"
            "cpu\n"
            "      failed: a reason\n"
            "      that is longer\n"
            "      than the line\n");
  EXPECT_THAT(shown_at(14), ::testing::HasSubstr("cpu_i8_i..6_mm\n"));
}

TEST(Grids, ColourIsNeverTheOnlySignAndOnlyWhereItIsAsked) {
  const Grid grid{.headings = {{.text = "verdict", .toned = true}, {.text = "x"}},
                  .rows = {{.cells = {"WIN", "1"}, .tone = Tone::kGood}}};
  EXPECT_EQ(grid_text(grid, {.width = 80}), "verdict  x\n----------\nWIN      1\n");
  EXPECT_EQ(grid_text(grid, {.width = 80, .colour = true}),
            "verdict  x\n----------\n\x1b[32mWIN\x1b[0m      1\n");
}

TEST(Grids, MarkdownEscapesPipes) {
  const Grid grid{.headings = {{"a|b"}, {"n", Align::kRight}},
                  .rows = {{.section = "left out"}, {.cells = {"x\n|", "1"}}}};
  EXPECT_EQ(grid_markdown(grid),
            "| a\\|b | n |\n"
            "|:---|---:|\n"
            "| x \\| | 1 |\n");
}

TEST(Grids, WithoutRowsHaveHeadingsAlone) {
  const Grid grid{.headings = {{"a"}}, .rows = {}};
  EXPECT_EQ(grid_text(fitted(grid, {})), "a\n-\n");
  EXPECT_EQ(grid_width(Grid{}), 0U);
}

}  // namespace
}  // namespace twofour::report
