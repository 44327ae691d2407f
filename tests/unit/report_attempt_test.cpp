#include <gtest/gtest.h>

#include <stdexcept>

#include "report/attempt.h"

namespace twofour::report {
namespace {

const EndedAttempt kAttempt{3, "mm", "tile \"8\"", "ended by SIGSEGV"};

TEST(Attempt, IsALineOfItsOwnType) {
  const std::string line = attempt_json(kAttempt);
  EXPECT_EQ(line, R"({"type":"attempt","schema_version":2,"case_index":3,"kernel":"mm",)"
                  R"("algorithm":"tile \"8\"","ended":"ended by SIGSEGV"})");
  EXPECT_TRUE(is_attempt_json(line));
  EXPECT_EQ(parse_attempt_json(line), kAttempt);
}

TEST(Attempt, OtherLinesAreNone) {
  for (const char* line :
       {"", "x", "[]", R"({"type":"record","kernel":"attempt"})", R"({"a":1})"}) {
    EXPECT_FALSE(is_attempt_json(line)) << line;
    EXPECT_THROW(parse_attempt_json(line), std::invalid_argument) << line;
  }
}

TEST(Attempt, NamesThatAreNotUtf8AreReplaced) {
  const EndedAttempt odd{0, "mm", "\xff", "x"};
  EXPECT_EQ(parse_attempt_json(attempt_json(odd)).algorithm, "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace twofour::report
