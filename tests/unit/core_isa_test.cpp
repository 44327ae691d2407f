#include "core/isa.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace twofour {
namespace {

/// Puts TWOFOUR_ISA back as it was.
class IsaVariable : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* value = std::getenv("TWOFOUR_ISA")) before_ = value;
  }
  void TearDown() override { set(before_); }
  static void set(const std::string& value) { setenv("TWOFOUR_ISA", value.c_str(), 1); }

 private:
  std::string before_;  // empty is as good as none
};

TEST_F(IsaVariable, LowersTheInstructionSetAndNeverRaisesIt) {
  for (const std::string_view name : kIsaNames) {
    set(std::string(name));
    EXPECT_EQ(best_isa(), std::min(*parse_isa(name), detected_isa())) << name;
  }
  set("");
  EXPECT_EQ(best_isa(), detected_isa());
}

TEST_F(IsaVariable, AWrongValueIsRefusedWithWhatIsAllowed) {
  set("avx512bf16");
  try {
    best_isa();
    FAIL() << "no exception";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "TWOFOUR_ISA: 'avx512bf16' is not an instruction set; use one of portable, avx2, "
                 "avx512, avx512_bf16, amx");
  }
}

TEST(Isa, SetsAreInTheOrderOfWhatTheyInclude) {
  EXPECT_LT(Isa::kPortable, Isa::kAvx2);
  EXPECT_LT(Isa::kAvx2, Isa::kAvx512);
  EXPECT_LT(Isa::kAvx512, Isa::kAvx512Bf16);
  EXPECT_LT(Isa::kAvx512Bf16, Isa::kAmx);
  EXPECT_EQ(to_string(Isa::kAvx512Bf16), "avx512_bf16");
  EXPECT_EQ(parse_isa("avx512_bf16"), Isa::kAvx512Bf16);
  EXPECT_EQ(parse_isa("AVX512"), std::nullopt);
}

}  // namespace
}  // namespace twofour
