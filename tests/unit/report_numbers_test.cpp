// Numbers and grids as text.
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
