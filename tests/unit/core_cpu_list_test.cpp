// Lists of processors, read and written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/cpu_list.h"

namespace twofour {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(CpuList, IsReadInRangesAndSorted) {
  EXPECT_THAT(read_cpu_list("0"), Optional(ElementsAre(0)));
  EXPECT_THAT(read_cpu_list("0-3,8"), Optional(ElementsAre(0, 1, 2, 3, 8)));
  EXPECT_THAT(read_cpu_list("16-17,0-1"), Optional(ElementsAre(0, 1, 16, 17)));
}

TEST(CpuList, IsNothingElse) {
  for (const char* text : {"", "a", "1,", ",1", "1-", "-1", "3-1", "1-2-3", "1,1", "0-3,2",
                           "1048576", "0-1048576", " 1", "1 ", "0x1"}) {
    EXPECT_FALSE(read_cpu_list(text)) << "'" << text << "'";
  }
}

TEST(CpuList, IsWrittenInTheShortestForm) {
  for (const char* text : {"0", "0-3,8", "0-7,16-23", "1,3,5", "0-1"}) {
    EXPECT_EQ(cpu_list_text(read_cpu_list(text).value()), text);
  }
  EXPECT_EQ(cpu_list_text({}), "");
}

}  // namespace
}  // namespace twofour
