// Energy counters of packages, on made-up machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "device/cpu/rapl.h"

namespace twofour::device::cpu {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint64_t kRange_uj = 262143328850;

/// Two packages of two processors each.
class RaplTest : public testing::Test {
 public:
  ~RaplTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

 protected:
  RaplTest() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category());
    root_ = name;
    for (int cpu = 0; cpu < 4; ++cpu) {
      write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/physical_package_id",
            cpu < 2 ? "0\n" : "1\n");
    }
  }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  static std::string folder(const std::string& zone) { return "sys/class/powercap/" + zone + "/"; }
  void set(const std::string& zone, std::uint64_t microjoules) const {
    write(folder(zone) + "energy_uj", std::to_string(microjoules) + "\n");
  }
  void add(const std::string& zone, const std::string& name, std::uint64_t microjoules) const {
    write(folder(zone) + "name", name + "\n");
    write(folder(zone) + "max_energy_range_uj", std::to_string(kRange_uj) + "\n");
    set(zone, microjoules);
  }
  /// Not in the order of the packages, and with what must not be counted.
  void add_two_packages() const {
    add("intel-rapl:0", "package-1", 1000);
    add("intel-rapl:1", "package-0", 2000);
    add("intel-rapl:1:0", "core", 100);
    add("intel-rapl:1:1", "dram", 300);
    add("intel-rapl:2", "psys", 9000);
    add("intel-rapl-mmio:0", "package-0", 7);
  }
  [[nodiscard]] HostFiles files() const { return HostFiles(root_); }
  [[nodiscard]] std::filesystem::path path(const std::string& below) const { return root_ / below; }

 private:
  std::filesystem::path root_;
};

TEST_F(RaplTest, CountsThePackageOfTheProcessorsAndItsMemory) {
  add_two_packages();
  Rapl rapl(files(), std::vector<int>{0, 1});
  EXPECT_EQ(rapl.source(), "RAPL: package-0, dram of package-0");
  EXPECT_THAT(rapl.description(), HasSubstr("idle power"));
  EXPECT_EQ(rapl.joules(), 0);
  set("intel-rapl:0", 5'000'000);
  set("intel-rapl:1", 2'002'000);
  set("intel-rapl:1:0", 1'000'100);
  set("intel-rapl:1:1", 500'300);
  EXPECT_DOUBLE_EQ(rapl.joules().value(), 2.5);
  EXPECT_DOUBLE_EQ(rapl.joules().value(), 2.5) << "nothing moved";
}

TEST_F(RaplTest, CountsBothPackagesWhereBothCompute) {
  add_two_packages();
  Rapl rapl(files(), std::vector<int>{1, 2});
  EXPECT_EQ(rapl.source(), "RAPL: package-0, dram of package-0, package-1");
  set("intel-rapl:0", 1'001'000);
  set("intel-rapl:1", 2'002'000);
  EXPECT_DOUBLE_EQ(rapl.joules().value(), 3);
}

TEST_F(RaplTest, DiesOfAPackageHaveTheirOwn) {
  add("intel-rapl:0", "package-0-die-0", 0);
  add("intel-rapl:1", "package-0-die-1", 0);
  write("sys/devices/system/cpu/cpu0/topology/die_id", "0\n");
  write("sys/devices/system/cpu/cpu1/topology/die_id", "1\n");
  EXPECT_EQ(Rapl(files(), std::vector<int>{1}).source(), "RAPL: package-0-die-1");
}

TEST_F(RaplTest, ACounterBeginsAnewAtItsRange) {
  add("intel-rapl:0", "package-0", kRange_uj - 1'000'000);
  Rapl rapl(files(), std::vector<int>{0});
  set("intel-rapl:0", 500'000);
  EXPECT_DOUBLE_EQ(rapl.joules().value(), 1.5);
  set("intel-rapl:0", 700'000);
  EXPECT_DOUBLE_EQ(rapl.joules().value(), 1.7);
}

TEST_F(RaplTest, WithoutPowercapItSaysSo) {
  Rapl rapl(files(), std::vector<int>{0});
  EXPECT_FALSE(rapl.joules());
  EXPECT_EQ(rapl.source(), "");
  EXPECT_THAT(rapl.description(), StartsWith("not measured: no powercap"));
}

TEST_F(RaplTest, ACounterThatCannotBeReadIsNamed) {
  add_two_packages();
  const std::string counter = folder("intel-rapl:1:1") + "energy_uj";
  std::filesystem::remove(path(counter));
  std::filesystem::create_directory(path(counter));  // opens, and cannot be read, even by root
  Rapl rapl(files(), std::vector<int>{0});
  EXPECT_FALSE(rapl.joules()) << "what is left would be less than the package and its memory";
  EXPECT_THAT(rapl.description(), HasSubstr("intel-rapl:1:1/energy_uj is not readable"));
  EXPECT_THAT(rapl.description(), HasSubstr("directory"));
  EXPECT_EQ(Rapl(files(), std::vector<int>{2}).source(), "RAPL: package-1");
}

TEST_F(RaplTest, WhatRootAloneMayReadIsSaid) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  add_two_packages();
  std::filesystem::permissions(path(folder("intel-rapl:0") + "energy_uj"),
                               std::filesystem::perms::none);
  EXPECT_THAT(Rapl(files(), std::vector<int>{3}).description(), HasSubstr("root alone"));
}

TEST_F(RaplTest, FilesWithoutNumbersAreNoCounters) {
  add("intel-rapl:0", "package-0", 5);
  write(folder("intel-rapl:0") + "energy_uj", "none\n");
  EXPECT_THAT(Rapl(files(), std::vector<int>{0}).description(), HasSubstr("it has no number"));
  add("intel-rapl:0", "package-0", 5);
  write(folder("intel-rapl:0") + "max_energy_range_uj", "0\n");
  EXPECT_THAT(Rapl(files(), std::vector<int>{0}).description(), HasSubstr("max_energy_range_uj"));
}

TEST_F(RaplTest, AProcessorOfAnotherPackageIsNotCountedByThisOne) {
  add("intel-rapl:0", "package-0", 5);
  EXPECT_THAT(Rapl(files(), std::vector<int>{0, 2}).description(), HasSubstr("of processor 2"));
}

TEST_F(RaplTest, ACounterThatGoesAwayIsNotZero) {
  add("intel-rapl:0", "package-0", 5);
  Rapl rapl(files(), std::vector<int>{0});
  EXPECT_TRUE(rapl.joules());
  write(folder("intel-rapl:0") + "energy_uj", "");
  EXPECT_FALSE(rapl.joules());
}

TEST_F(RaplTest, RecordsWhatAReadingCosts) {
  add_two_packages();
  Rapl rapl(files(), std::vector<int>{0, 2});
  constexpr int kReadings = 10'000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kReadings; ++i) EXPECT_TRUE(rapl.joules());
  const std::chrono::duration<double, std::micro> passed = std::chrono::steady_clock::now() - begin;
  RecordProperty("microseconds_of_a_reading", std::to_string(passed.count() / kReadings));
}

}  // namespace
}  // namespace twofour::device::cpu
