// Texts of records are texts in a page, whatever they hold.
#include <gtest/gtest.h>

#include "report/html/escape.h"

namespace twofour::report::html {
namespace {

TEST(HtmlEscape, MakesMarkupText) {
  EXPECT_EQ(escape("</script><a href=\"x\" title='y'>&amp;"),
            "&lt;/script&gt;&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(escape(""), "");
  EXPECT_EQ(escape("4096 \u00D7 6144, \u05D0, \U0001F600"), "4096 \u00D7 6144, \u05D0, \U0001F600");
}

TEST(HtmlEscape, ReplacesWhatNoPageMayHold) {
  EXPECT_EQ(escape(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(escape("\x1B[31m\x7F\u0085"), "\uFFFD[31m\uFFFD\uFFFD");
  EXPECT_EQ(escape("a\tb\nc"), "a\tb\nc");
}

TEST(HtmlEscape, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(escape("\xFF"), "\uFFFD");
  EXPECT_EQ(escape("\xC3"), "\uFFFD");                                // cut
  EXPECT_EQ(escape("\xC0\xAF"), "\uFFFD\uFFFD");                      // a longer form of '/'
  EXPECT_EQ(escape("\xE0\x80\xAF"), "\uFFFD\uFFFD\uFFFD");            // likewise
  EXPECT_EQ(escape("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(escape("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
  EXPECT_EQ(escape("\xC3<"), "\uFFFD&lt;");                           // the next one is not eaten
}

TEST(HtmlEscape, ReplacesControlsOfDirection) {
  EXPECT_EQ(escape("a\u202Eb\u202C\u2066c\u2069"), "a\uFFFDb\uFFFD\uFFFDc\uFFFD");
  EXPECT_EQ(escape("\u200F\u05D0"), "\u200F\u05D0");  // a mark turns nothing outside its element
}

TEST(HtmlName, IsIsolatedAndShortenedWithTheWholeInItsTitle) {
  EXPECT_EQ(name("qkv"), "<bdi>qkv</bdi>");
  EXPECT_EQ(name("<i>"), "<bdi>&lt;i&gt;</bdi>");
  EXPECT_EQ(name("abcdef", 4), "<bdi title=\"abcdef\">abc\u2026</bdi>");
  EXPECT_EQ(name("abcd", 4), "<bdi>abcd</bdi>");
  // Characters count, not bytes, and none is cut.
  EXPECT_EQ(name("\u05D0\u05D1\u05D2", 3), "<bdi>\u05D0\u05D1\u05D2</bdi>");
  EXPECT_EQ(shortened("\u05D0\u05D1\u05D2\u05D3", 3), "\u05D0\u05D1\u2026");
}

TEST(HtmlName, OfAModelIsWhatFollowsTheLastSlash) {
  EXPECT_EQ(short_model("meta-llama/Llama-3-8b"), "Llama-3-8b");
  EXPECT_EQ(short_model("plain"), "plain");
  EXPECT_EQ(short_model("odd/"), "odd/");
}

}  // namespace
}  // namespace twofour::report::html
