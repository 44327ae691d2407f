// JSON from outside: what is refused, and in which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "core/streams.h"
#include "input/json.h"

namespace twofour::input {
namespace {

using ::testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    parse_json(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

TEST(Json, IsReadWithAByteOrderMarkAndUnicode) {
  EXPECT_EQ(parse_json("\xef\xbb\xbf{\"a\": [1, 2.5, \"\xc3\xa4\"]}")["a"][2], "\xc3\xa4");
  EXPECT_EQ(parse_json(nested(kMostLevels)).size(), 1U);
  EXPECT_EQ(parse_json(R"({"a": {"b": 1}, "b": {"b": 2}})")["b"]["b"], 2);
}

TEST(Json, WhatIsWrongIsOneShortLine) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[1e400]"), std::string("[NaN]"),
        std::string("[\"\xff\"]"), std::string("[\"\n\"]"), std::string("[1]\0[2]", 7),
        std::string("\xff\xfe[\0]\0", 6), nested(kMostLevels + 1), std::string(100000, '['),
        std::string(R"([{"a": 1, "b": 2, "a": 3}])"), std::string(10000, 'x')}) {
    const std::string message = refusal(text);
    EXPECT_NE(message, "accepted") << text.substr(0, 40);
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_LT(message.size(), 300U);
  }
  EXPECT_THAT(refusal("[1e400]"), HasSubstr("1e400"));
  EXPECT_EQ(refusal(R"({"a": {"b": 1, "b": 2}})"), "an object has the member \"b\" twice");
  EXPECT_EQ(refusal(nested(kMostLevels + 1)), "it is nested more than 64 levels deep");
}

TEST(Json, AValueIsShownShort) {
  EXPECT_EQ(shown(nlohmann::json("a\nb")), "\"a\\nb\"");
  EXPECT_EQ(shown(nlohmann::json(std::string(200, 'x'))).size(), 83U);
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  EXPECT_EQ(shown(nlohmann::json(umlauts)).size(), 82U);  // a character is not cut in two
}

TEST(OneLine, WritesControlCharactersOut) {
  EXPECT_EQ(one_line("a\nb\x1b[31m\x7f\xc3\xa4"), "a\\nb\\x1b[31m\\x7f\xc3\xa4");
}

}  // namespace
}  // namespace twofour::input
