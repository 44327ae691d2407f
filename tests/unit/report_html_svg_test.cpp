// Scales and ticks of pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/html/svg.h"

namespace twofour::report::html {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(SvgRange, TakesWhatIsFiniteAndPositive) {
  Range range(true);
  EXPECT_TRUE(range.empty());
  for (const double value : {kNan, -1.0, 0.0, std::numeric_limits<double>::infinity()}) {
    range.add(value);
  }
  EXPECT_TRUE(range.empty());
  range.add(2);
  range.add(0.5);
  EXPECT_EQ(range.low(), 0.5);
  EXPECT_EQ(range.high(), 2);
}

TEST(SvgScale, PlacesValues) {
  const Scale linear(0, 10, 100, 200, false);
  EXPECT_DOUBLE_EQ(linear.at(0), 100);
  EXPECT_DOUBLE_EQ(linear.at(5), 150);
  const Scale logarithmic(1, 100, 200, 0, true);  // upwards, as y is
  EXPECT_DOUBLE_EQ(logarithmic.at(1), 200);
  EXPECT_DOUBLE_EQ(logarithmic.at(10), 100);
  EXPECT_DOUBLE_EQ(logarithmic.at(100), 0);
}

TEST(SvgScale, HasRoomAroundOneValueAndWithoutAny) {
  for (const bool logarithmic : {false, true}) {
    Range range(true);
    for (int values = 0; values < 2; ++values) {
      const Scale scale = padded(range, 0, 100, logarithmic);
      EXPECT_TRUE(std::isfinite(scale.at(1)));
      EXPECT_LT(scale.low(), scale.high());
      range.add(4096);
    }
  }
}

TEST(SvgTicks, AreRoundNumbersAndFew) {
  EXPECT_THAT(ticks(Scale(0, 10, 0, 1, false), 6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(ticks(Scale(0.9, 110, 0, 1, true), 3), ElementsAre(1, 10, 100));
  EXPECT_THAT(ticks(Scale(0.7, 2.1, 0, 1, true), 6),
              ElementsAre(DoubleEq(0.8), 1, DoubleEq(1.25), DoubleEq(1.5), DoubleEq(2)));
  EXPECT_THAT(ticks(Scale(1e-9, 1e9, 0, 1, true), 6), SizeIs(::testing::Le(6U)));
}

TEST(SvgTicks, AreLeftOutWhereTheirLabelsHaveNoRoom) {
  const Scale scale(0, 100, 0, 100, false);
  const std::vector<double> values{0, 5, 20, 39, 40};
  EXPECT_THAT(spaced(scale, values, 20), ElementsAre(0, 20, 40));
}

TEST(SvgTicks, OfRatiosAlwaysHaveOne) {
  const Scale scale(0.5, 4, 0, 300, true);
  for (const double apart : {10.0, 40.0, 90.0}) {
    const std::vector<double> values = ratio_ticks(scale, 8, apart);
    EXPECT_THAT(values, ::testing::Contains(1));
    for (std::size_t i = 1; i < values.size(); ++i) {
      EXPECT_GE(scale.at(values[i]) - scale.at(values[i - 1]), apart);
    }
  }
}

TEST(SvgLabels, OfTimesHaveTheirUnit) {
  EXPECT_EQ(time_label(1e-6), "1 \u00B5s");
  EXPECT_EQ(time_label(0.0015), "1.5 ms");
  EXPECT_EQ(time_label(2), "2 s");
  EXPECT_EQ(time_label(3e-10), "0.3 ns");
}

TEST(SvgMarks, AreOfARowAndNeverOutsideNumbers) {
  Svg svg(100, 50, "a <picture>");
  svg.mark({kNan, 1.25}, 0, "open", 17);
  svg.text({1, 2}, Anchor::kEnd, "tick", std::string(1000, 'x') + "<b>");
  EXPECT_THAT(svg.html(), HasSubstr("aria-label=\"a &lt;picture&gt;\""));
  EXPECT_THAT(svg.html(), HasSubstr("data-r=\"17\""));
  EXPECT_THAT(svg.html(), Not(HasSubstr("nan")));
  EXPECT_LT(svg.html().size(), 500U);
}

TEST(SvgRowNames, KeepBothEndsWhereTheyDoNotFit) {
  Svg svg(100, 50, "names");
  svg.row_name({90, 5}, 60, "qkv");
  EXPECT_THAT(svg.html(), HasSubstr(">qkv</text>"));
  svg.row_name({90, 5}, 120, "expert_gate_up_all_experts 7168x4096");
  EXPECT_THAT(svg.html(), HasSubstr("<title>expert_gate_up_all_experts 7168x4096</title>expert_"));
  EXPECT_THAT(svg.html(), HasSubstr("\u2026"));
  EXPECT_THAT(svg.html(), HasSubstr("68x4096</text>"));
}

TEST(SvgRowNames, AreNoWiderThanTheirRoom) {
  for (double room = 27; room < 200; room += 7) {
    Svg svg(100, 50, "names");
    svg.row_name({90, 5}, room, "\u00B5_expert_gate_up_\u00B5\u00B5_experts 7168x4096");
    const std::string html = svg.html();
    const std::size_t end = html.rfind("</text>");
    const std::size_t begin = html.rfind('>', end) + 1;
    EXPECT_LE(text_width(html.substr(begin, end - begin)), room);
    EXPECT_THAT(html, Not(HasSubstr("\uFFFD")));
  }
}

TEST(SvgStyles, BeyondTheLastBeginAnewAndAreNeverTheNeutralOne) {
  EXPECT_EQ(style_class(kStyles + 1), "s1");
  EXPECT_EQ(style_class(0), "s0");
  EXPECT_EQ(style_class(kNeutral), "s7");
}

}  // namespace
}  // namespace twofour::report::html
