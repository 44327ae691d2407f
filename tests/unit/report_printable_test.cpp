// Texts from records on a terminal and in Markdown.
#include "report/printable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "report/markdown_text.h"

namespace twofour::report {
namespace {

using namespace std::string_view_literals;
using ::testing::ElementsAre;

TEST(Printable, ShowsControlCharactersAsEscapes) {
  EXPECT_EQ(printable("a\x1b[31mb\x7f"), R"(a\x1b[31mb\x7f)");
  EXPECT_EQ(printable("a\0b"sv), R"(a\x00b)");
  EXPECT_EQ(printable("\xc2\x9b"), R"(\x9b)") << "C1: CSI in one character";
  EXPECT_EQ(printable("one\r\ntwo\tthree"), "one  two three");
}

TEST(Printable, ShowsMarksOfDirectionAsEscapes) {
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            R"(a\u202eb)");
  EXPECT_EQ(printable("\xe2\x81\xa6"), R"(\u2066)");
  EXPECT_EQ(printable("\xe2\x80\x8f"), R"(\u200f)");
}

TEST(Printable, ShowsBytesThatAreNoUtf8AsEscapes) {
  EXPECT_EQ(printable("\xff"), R"(\xff)");
  EXPECT_EQ(printable("\xe6\xa8"), R"(\xe6\xa8)");
  EXPECT_EQ(printable("\xc0\xaf"), R"(\xc0\xaf)") << "longer than needed";
  EXPECT_EQ(printable("\xed\xa0\x80"), R"(\xed\xa0\x80)") << "a surrogate";
  EXPECT_EQ(printable("模型 é"), "模型 é");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U) << "a combining mark";
  EXPECT_EQ(display_width("模型"), 4U);
}

TEST(Cut, IsBetweenCharacters) {
  EXPECT_EQ(cut_middle("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(cut_middle("abcdefgh", 7), "abc..gh");
  EXPECT_EQ(cut_end("abcdefgh", 5), "abc..");
  EXPECT_EQ(cut_middle("abc", 2), "..");
  for (std::size_t width = 0; width < 12; ++width) {
    for (const std::string& cut :
         {cut_middle("模型模型模型", width), cut_end("é模é模é模", width)}) {
      EXPECT_LE(display_width(cut), width);
      EXPECT_EQ(printable(cut), cut) << "a character was cut in two";
    }
  }
}

TEST(Wrapped, BreaksAtSpacesWhereThereAreSome) {
  EXPECT_THAT(wrapped("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("one two three", 0), ElementsAre("one two three"));
  EXPECT_THAT(wrapped("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(wrapped("", 3), ElementsAre(""));
  EXPECT_THAT(wrapped("模型", 1), ElementsAre("模", "型")) << "it must come to an end";
}

TEST(MarkdownText, IsNoMarkup) {
  EXPECT_EQ(markdown_text("</script><script>"), "&lt;/script&gt;&lt;script&gt;");
  EXPECT_EQ(markdown_text("a|b`c*d\\e&f"), R"(a\|b\`c\*d\\e&amp;f)");
  EXPECT_EQ(markdown_text("[text](http://x) ~~gone~~"), R"([text\](http://x) \~\~gone\~\~)");
  EXPECT_EQ(markdown_text("_a_ cpu_i8_mm_bias"), R"(\_a\_ cpu_i8_mm_bias)");
  EXPECT_EQ(markdown_text("1.312x [1.298, 1.330]"), "1.312x [1.298, 1.330]");
}

TEST(MarkdownCode, IsFencedByMoreThanStandsInIt) {
  EXPECT_EQ(markdown_code("a"), "```\na\n```\n");
  EXPECT_EQ(markdown_code("a ```` b"), "`````\na ```` b\n`````\n");
}

}  // namespace
}  // namespace twofour::report
