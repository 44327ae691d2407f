// The tuning file: kept, found again, and never in the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "providers/tuning.h"

namespace twofour::providers {
namespace {

namespace fs = std::filesystem;

class Tuning : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "twofour-tuning-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path file() const { return folder_ / "deep" / "tuning.json"; }
  void write(const std::string& text) const {
    fs::create_directories(file().parent_path());
    std::ofstream(file()) << text;
  }
  [[nodiscard]] static std::string read(const fs::path& file) {
    std::stringstream stream;
    stream << std::ifstream(file).rdbuf();
    return stream.str();
  }
  [[nodiscard]] std::string text() const { return read(file()); }

  fs::path folder_;
  TuningKey key_{.gpu = "NVIDIA H200",
                 .library = "cutlass 4.2.0",
                 .kernel = "cutlass_i8_i8_bf16_scaled_sparse_mm",
                 .problem = "types=i8,i8,bf16 mkn=16x4096x4096",
                 .cache = CacheMode::kCold};
};

TEST_F(Tuning, FindsAgainWhatWasKept) {
  TuningFile first(file());
  EXPECT_FALSE(first.find(key_));
  key_.driver = "580.1";
  key_.power_limit = "700";
  EXPECT_TRUE(first.keep(key_, {.algorithm = "64x16x256_PP_c11",
                                .seconds = 6.7e-6,
                                .runner_up = "second",
                                .found_utc = "2026-11-30T05:00:00Z"}));
  TuningFile second(file());
  const auto found = second.find(key_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->algorithm, "64x16x256_PP_c11");
  EXPECT_EQ(found->seconds, 6.7e-6);
  EXPECT_EQ(found->runner_up, "second");
  EXPECT_EQ(found->found_utc, "2026-11-30T05:00:00Z");
  EXPECT_EQ(second.problem(), "");
}

TEST_F(Tuning, EveryFieldOfTheKeyCounts) {
  TuningFile(file()).keep(key_, {.algorithm = "a", .seconds = 1});
  TuningFile again(file());
  auto differs = [&](auto change) {
    TuningKey key = key_;
    change(key);
    return !again.find(key).has_value();
  };
  EXPECT_TRUE(differs([](TuningKey& k) { k.gpu = "NVIDIA H100"; }));
  EXPECT_TRUE(differs([](TuningKey& k) { k.library = "cutlass 4.3.0"; }));
  EXPECT_TRUE(differs([](TuningKey& k) { k.kernel += "_bias"; }));
  EXPECT_TRUE(differs([](TuningKey& k) { k.problem += " "; }));
  EXPECT_TRUE(differs([](TuningKey& k) { k.cache = CacheMode::kHot; }));
  EXPECT_TRUE(differs([](TuningKey& k) { k.driver = "580.1"; }));
  EXPECT_TRUE(differs([](TuningKey& k) { k.power_limit = "700"; }));
  EXPECT_FALSE(differs([](TuningKey&) {}));
}

TEST_F(Tuning, KeepsTheWinnersOfOthers) {
  TuningKey other = key_;
  other.kernel += "_bias";
  TuningFile first(file());
  TuningFile second(file());
  EXPECT_FALSE(first.find(key_));  // both have read the empty file
  EXPECT_FALSE(second.find(key_));
  first.keep(key_, {.algorithm = "a", .seconds = 1});
  second.keep(other, {.algorithm = "b", .seconds = 2});
  TuningFile third(file());
  EXPECT_TRUE(third.find(key_));
  EXPECT_TRUE(third.find(other));
}

TEST_F(Tuning, ReplacesAWinnerAndLeavesNoTemporaryFile) {
  TuningFile tuning(file());
  tuning.keep(key_, {.algorithm = "a", .seconds = 2});
  tuning.keep(key_, {.algorithm = "b", .seconds = 1});
  EXPECT_EQ(TuningFile(file()).find(key_)->algorithm, "b");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(file().parent_path())) ++files;
  EXPECT_EQ(files, 1);
}

TEST_F(Tuning, ADamagedFileIsSaidAndSetAside) {
  constexpr const char* kUnknownCache =
      R"({"schema_version": 1, "winners": [{"gpu": "g", "library": "l", "kernel": "k",
          "problem": "p", "cache": "tepid", "algorithm": "a", "seconds": 1}]})";
  for (const char* damage : {"", "{", "[]", R"({"schema_version": 1})",
                             R"({"schema_version": 1, "winners": [{"gpu": 3}]})", kUnknownCache,
                             R"({"schema_version": 1, "winners": [], "lost": [{"gpu": "g"}]})"}) {
    write(damage);
    TuningFile tuning(file());
    EXPECT_FALSE(tuning.find(key_)) << damage;
    EXPECT_THAT(tuning.problem(), ::testing::HasSubstr(file().string())) << damage;
    EXPECT_TRUE(tuning.keep(key_, {.algorithm = "a", .seconds = 1})) << damage;
    EXPECT_EQ(TuningFile(file()).find(key_)->algorithm, "a") << damage;
    EXPECT_EQ(read(file().string() + ".damaged"), damage);
  }
}

TEST_F(Tuning, HostileTextIsDamage) {
  const std::string deep(100000, '[');
  for (const std::string& damage :
       {deep, std::string(R"({"schema_version": 1e400})"), std::string("{\"a\": 1, \"a\": 2}"),
        std::string("\xff\xfe{\0}\0", 6), std::string(R"({"schema_version": 1, "winners": 7})"),
        std::string(R"({"schema_version": 1, "winners": [{"gpu": [[[[[]]]]]}]})")}) {
    write(damage);
    TuningFile tuning(file());
    EXPECT_FALSE(tuning.find(key_)) << damage.substr(0, 80);
    EXPECT_THAT(tuning.problem(), ::testing::HasSubstr("is not used: "));
    EXPECT_LT(tuning.problem().size(), 500U);
  }
}

TEST_F(Tuning, WhatIsOfAnotherVersionIsNotWrittenOver) {
  const std::string text = R"({"schema_version": 99, "winners": []})";
  write(text);
  TuningFile tuning(file());
  EXPECT_FALSE(tuning.keep(key_, {.algorithm = "a", .seconds = 1}));
  EXPECT_EQ(tuning.find(key_)->algorithm, "a");
  EXPECT_EQ(read(file()), text);
  EXPECT_THAT(tuning.problem(), ::testing::HasSubstr("its schema_version is 99, not 1"));
}

TEST_F(Tuning, APipeIsNotWaitedForAndALinkStays) {
  fs::create_directories(file().parent_path());
  ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
  EXPECT_FALSE(TuningFile(file()).keep(key_, {.algorithm = "a", .seconds = 1}));
  EXPECT_TRUE(fs::is_fifo(file()));
  fs::remove(file());
  const fs::path there = file().parent_path() / "there.json";
  TuningFile(there).keep(key_, {.algorithm = "a", .seconds = 1});
  fs::create_symlink(there, file());
  EXPECT_TRUE(TuningFile(file()).keep(key_, {.algorithm = "b", .seconds = 1}));
  EXPECT_TRUE(fs::is_symlink(file()));
  EXPECT_EQ(TuningFile(there).find(key_)->algorithm, "b");
}

TEST_F(Tuning, TheNullDeviceIsNoFile) {
  TuningFile tuning("/dev/null");
  EXPECT_TRUE(tuning.keep(key_, {.algorithm = "a", .seconds = 1}));
  EXPECT_EQ(tuning.problem(), "");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(Tuning, AFileThatCannotBeWrittenIsSaid) {
  // A folder stands where the file should be.
  fs::create_directories(file());
  TuningFile tuning(file());
  EXPECT_FALSE(tuning.keep(key_, {.algorithm = "a", .seconds = 1}));
  EXPECT_THAT(tuning.problem(), ::testing::HasSubstr("tuning file"));
  EXPECT_EQ(tuning.find(key_)->algorithm, "a");  // this process still knows
}

TEST_F(Tuning, NoFileRemembersWithinTheProcess) {
  TuningFile tuning{fs::path{}};
  EXPECT_TRUE(tuning.keep(key_, {.algorithm = "a", .seconds = 1}));
  EXPECT_EQ(tuning.find(key_)->algorithm, "a");
  EXPECT_EQ(tuning.problem(), "");
}

TEST_F(Tuning, RemembersWhatCostAGpu) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  const SearchScope scope{.gpu = "NVIDIA H200", .family = "l 1 p"};
  {
    TuningFile tuning(file(), 1000);
    EXPECT_THAT(tuning.avoided(scope), IsEmpty());
    EXPECT_TRUE(tuning.keep_avoided({.scope = scope, .algorithm = "b"}));
    // Another process reads it while this one, which may be about to end, is there.
    EXPECT_THAT(TuningFile(file()).avoided(scope), ElementsAre("b"));
    EXPECT_TRUE(tuning.keep_avoided({.scope = scope, .algorithm = "a"}));
  }
  TuningFile again(file());
  EXPECT_THAT(again.avoided(scope), ElementsAre("a", "b"));
  // Elsewhere they may be the best.
  EXPECT_THAT(again.avoided({scope.gpu, "l 1 another p"}), IsEmpty());
  EXPECT_THAT(again.avoided({"NVIDIA H100", scope.family}), IsEmpty());
  // A file of winners alone is as good.
  write("{\"schema_version\": 1, \"winners\": []}");
  TuningFile old(file());
  EXPECT_THAT(old.avoided(scope), IsEmpty());
  EXPECT_EQ(old.problem(), "");
}

TEST_F(Tuning, WritesAtIntervalsAndInTheEnd) {
  TuningKey other = key_;
  other.kernel += "_bias";
  {
    TuningFile tuning(file(), 1000);
    tuning.keep(key_, {.algorithm = "a", .seconds = 1});
    tuning.keep(other, {.algorithm = "b", .seconds = 1});
    EXPECT_EQ(tuning.find(other)->algorithm, "b");
    EXPECT_TRUE(TuningFile(file()).find(key_));
    EXPECT_FALSE(TuningFile(file()).find(other));
  }
  EXPECT_EQ(TuningFile(file()).find(other)->algorithm, "b");
}

TEST_F(Tuning, ThePathComesFromTheEnvironment) {
  ASSERT_EQ(setenv("HOME", "/home/somebody", 1), 0);
  ASSERT_EQ(unsetenv("XDG_CACHE_HOME"), 0);
  ASSERT_EQ(unsetenv("TWOFOUR_TUNING_FILE"), 0);
  EXPECT_EQ(TuningFile::default_path(), "/home/somebody/.cache/twofour/tuning.json");
  ASSERT_EQ(setenv("XDG_CACHE_HOME", "/var/cache", 1), 0);
  EXPECT_EQ(TuningFile::default_path(), "/var/cache/twofour/tuning.json");
  ASSERT_EQ(setenv("TWOFOUR_TUNING_FILE", "mine.json", 1), 0);
  EXPECT_EQ(TuningFile::default_path(), "mine.json");
  ASSERT_EQ(setenv("TWOFOUR_TUNING_FILE", "", 1), 0);
  EXPECT_EQ(TuningFile::default_path(), "");
}

}  // namespace
}  // namespace twofour::providers
