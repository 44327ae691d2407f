#include "core/processor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace twofour {
namespace {

constexpr Features kOfNoSet{Feature::kAvxVnni, Feature::kClflushopt};

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
  for (const IsaInfo& row : kIsas) {
    set(std::string(row.name));
    EXPECT_TRUE(processor_features().has(usable_features())) << row.name;
    EXPECT_EQ(best_isa(), std::min(row.isa, detected_isa())) << row.name;
  }
  set("");
  EXPECT_EQ(usable_features(), processor_features());
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

TEST(Isa, NamesLeadBackToTheirSets) {
  for (const IsaInfo& row : kIsas) {
    EXPECT_EQ(parse_isa(row.name), row.isa);
    EXPECT_EQ(to_string(row.isa), row.name);
    EXPECT_EQ(best_isa_of(row.features), row.isa);
  }
  EXPECT_EQ(parse_isa("AVX512"), std::nullopt);
}

TEST(Isa, TheBestSetIsOneThatIsWhole) {
  const Features amx = info(Isa::kAmx).features;
  EXPECT_EQ(best_isa_of(amx & ~Features{Feature::kAmxInt8}), Isa::kAvx512Bf16);
  EXPECT_EQ(best_isa_of(amx & ~Features{Feature::kAvx512Bf16}), Isa::kAvx512);
  EXPECT_EQ(best_isa_of(amx & ~Features{Feature::kBmi2}), Isa::kPortable);
  EXPECT_EQ(best_isa_of({Feature::kClflushopt}), Isa::kPortable);
}

TEST(Isa, LoweringTakesWhatTheSetLacksAndLeavesWhatNoSetHas) {
  const Features all = info(Isa::kAmx).features | kOfNoSet;
  EXPECT_EQ(lowered_to(all, Isa::kAmx), all);
  EXPECT_EQ(lowered_to(all, Isa::kAvx2), info(Isa::kAvx2).features | kOfNoSet);
  EXPECT_EQ(lowered_to((Features{Feature::kAmxTile, Feature::kBmi2}), Isa::kAvx512),
            Features{Feature::kBmi2});
}

/// A processor whose CPUID answers these leaves.
class MadeUp {
 public:
  struct Answer {
    std::uint32_t leaf;
    std::uint32_t subleaf;
    std::array<std::uint32_t, 4> registers;
  };
  explicit MadeUp(std::vector<Answer> answers) : answers_(std::move(answers)) {}

  [[nodiscard]] Features features(std::uint64_t xcr0, bool may_use_tiles) const {
    return features_of(
        [&](std::uint32_t leaf, std::uint32_t subleaf) -> std::array<std::uint32_t, 4> {
          for (const Answer& answer : answers_) {
            if (answer.leaf == leaf && answer.subleaf == subleaf) return answer.registers;
          }
          return {};
        },
        xcr0, [&] { return may_use_tiles; });
  }

 private:
  std::vector<Answer> answers_;
};

constexpr std::uint64_t kSavesAll = 0x600E7;
constexpr std::uint64_t kSavesZmm = 0xE7;
constexpr std::uint64_t kSavesYmm = 0x7;

/// What a Sapphire Rapids server has in leaves 1 and 7: all that we ask for.
MadeUp sapphire_rapids() {
  return MadeUp({{1, 0, {0, 0, 0xFFFAB223, 0}},
                 {7, 0, {2, 0xF1BF2FBB, 0x5B415F6E, 0xFFD14410}},
                 {7, 1, {0x1C30, 0, 0, 0}}});
}

/// A Zen 3: AVX2 and no more.
MadeUp zen3() {
  return MadeUp({{1, 0, {0, 0, 0x7ED8320B, 0}}, {7, 0, {0, 0x219C97A9, 0x40068C, 0x10}}});
}

TEST(ProcessorFeatures, AreReadFromCpuid) {
  const Features all = sapphire_rapids().features(kSavesAll, true);
  EXPECT_EQ(all, info(Isa::kAmx).features | kOfNoSet);
  EXPECT_EQ(zen3().features(kSavesYmm, false),
            info(Isa::kAvx2).features | Features{Feature::kClflushopt});
  EXPECT_EQ(MadeUp({}).features(kSavesAll, true), Features{});
}

TEST(ProcessorFeatures, CountOnlyWhereTheSystemSavesTheirRegisters) {
  const Features no_tiles = sapphire_rapids().features(kSavesAll, false);
  EXPECT_EQ(no_tiles, sapphire_rapids().features(kSavesZmm, true));
  EXPECT_EQ(best_isa_of(no_tiles), Isa::kAvx512Bf16);
  EXPECT_TRUE(no_tiles.has({Feature::kAvx512Vbmi2}));
  EXPECT_EQ(sapphire_rapids().features(kSavesYmm, true), info(Isa::kAvx2).features | kOfNoSet);
  EXPECT_EQ(sapphire_rapids().features(0, true), (Features{Feature::kBmi2, Feature::kClflushopt}));
}

TEST(ProcessorFeatures, AreThoseThatTheCompilerSees) {
#if defined(__x86_64__)
  const Features features = processor_features();
  EXPECT_EQ(features.has({Feature::kAvx2}), __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(features.has({Feature::kFma}), __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(features.has({Feature::kBmi2}), __builtin_cpu_supports("bmi2") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512F}), __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512Bw}), __builtin_cpu_supports("avx512bw") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512Dq}), __builtin_cpu_supports("avx512dq") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512Vl}), __builtin_cpu_supports("avx512vl") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512Vnni}), __builtin_cpu_supports("avx512vnni") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512Vbmi2}), __builtin_cpu_supports("avx512vbmi2") != 0);
  EXPECT_EQ(features.has({Feature::kAvx512Bf16}), __builtin_cpu_supports("avx512bf16") != 0);
#else
  GTEST_SKIP() << "no x86-64";
#endif
}

}  // namespace
}  // namespace twofour
