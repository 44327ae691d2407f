// Patterns that are matched by trying every way would not end; here the test's time limit would
// end them.
#include "input/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace twofour::input {
namespace {

bool found(const std::string& pattern, const std::string& text) {
  return std::regex_search(text, compile_pattern(pattern));
}

TEST(Pattern, FindsAsAnExpressionDoes) {
  EXPECT_TRUE(found("sparse.*_bias$", "cpu_i8_i8_bf16_scaled_sparse_mm_bias"));
  EXPECT_FALSE(found("^sparse", "cpu_i8_i8_bf16_scaled_sparse_mm_bias"));
  EXPECT_TRUE(found("cpu|onednn", "onednn_i8"));
  EXPECT_TRUE(found("[a-c]x{2,3}", "bxx"));
  EXPECT_FALSE(found("\\d{3}", "i8_bf16"));
  EXPECT_FALSE(found("^(?!.*bias)", "cpu_mm_bias"));
}

TEST(Pattern, EndsWhereBacktrackingWouldNot) {
  const std::string name(60, 'a');
  EXPECT_FALSE(found("(a*)*b", name));
  EXPECT_FALSE(found("(a|aa)+$b", name));
  EXPECT_FALSE(found("(a|a)*c", name));
  EXPECT_FALSE(found("a********************b", name));
}

TEST(Pattern, RefusesWhatItCannotMatchInTime) {
  EXPECT_THROW(compile_pattern("(a)\\1"), std::regex_error);
  EXPECT_THROW(compile_pattern("("), std::regex_error);
  EXPECT_NO_THROW(compile_pattern("^(?!.*bias)(?=.*sparse)(?!x)(?:y)"));
  EXPECT_THROW(compile_pattern("(?=a*(?=a*(?=a*(?!a*b))))"), std::regex_error);
  EXPECT_THROW(compile_pattern(std::string(kLongestPattern + 1, 'a')), std::regex_error);
  EXPECT_NO_THROW(compile_pattern(std::string(kLongestPattern, 'a')));
}

}  // namespace
}  // namespace twofour::input
