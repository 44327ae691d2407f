// NUMA nodes and lists of processors as devices, on made-up machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "device/cpu/cpu_device.h"
#include "device/cpu/cpu_part.h"
#include "device/cpu/pinning.h"

namespace twofour::device::cpu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two nodes of four processors each.
class TwoNodes : public ::testing::Test {
 protected:
  TwoNodes() {
    write("node0", "0-3");
    write("node1", "4-7");
    std::filesystem::create_directories(root_ / "sys/devices/system/node/power");
  }
  ~TwoNodes() override { std::filesystem::remove_all(root_); }

  void write(const std::string& node, const std::string& cpus) {
    const std::filesystem::path folder = root_ / "sys/devices/system/node" / node;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "cpulist") << cpus << "\n";
  }
  std::string refusal(const CpuPart& part, const std::vector<int>& allowed) {
    try {
      cpus_of(part, HostFiles(root_), allowed);
    } catch (const NoSuchPart& error) {
      return error.what();
    }
    return "accepted";
  }

  std::filesystem::path root_ =
      std::filesystem::path(::testing::TempDir()) /
      (std::string("two_nodes_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const std::vector<int> all_{0, 1, 2, 3, 4, 5, 6, 7};
};

TEST_F(TwoNodes, HaveTheirProcessorsThatTheProcessMayUse) {
  const HostFiles files(root_);
  EXPECT_THAT(cpus_of({.node = 1}, files, all_), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(cpus_of({.node = 1}, files, std::vector{0, 5}), ElementsAre(5));
  EXPECT_THAT(cpus_of({.cpus = {2, 4}}, files, all_), ElementsAre(2, 4));
  EXPECT_THAT(cpus_of({}, files, std::vector{0, 5}), ElementsAre(0, 5));
}

TEST_F(TwoNodes, AreNamedWhereAnotherIsAskedFor) {
  EXPECT_EQ(refusal({.node = 2}, all_), "there are cpu:node0, cpu:node1");
  EXPECT_EQ(refusal({.node = 1}, {0, 1}), "it has processors 4-7, and this process may use 0-1");
  EXPECT_EQ(refusal({.cpus = {0, 8}}, all_), "this process may use the processors 0-7");
}

TEST_F(TwoNodes, AreFoundForProcessors) {
  const HostFiles files(root_);
  EXPECT_THAT(nodes_of(std::vector{0, 3}, files), ElementsAre(0));
  EXPECT_THAT(nodes_of(std::vector{3, 4}, files), ElementsAre(0, 1));
  EXPECT_THAT(nodes_of(std::vector{3}, HostFiles("/nowhere")), IsEmpty());
}

TEST(CpuPart, HasANameUnlessItIsTheWhole) {
  EXPECT_EQ(part_name({}), "");
  EXPECT_EQ(part_name({.node = 0}), "node0");
  EXPECT_EQ(part_name({.cpus = {0, 1, 4}}), "cpu 0-1,4");
}

TEST(CpuPart, IsADeviceOfItsOwn) {
  const std::vector<int> before = allowed_cpus();
  const int last = before.back();
  {
    const auto device = make_cpu_device(0, false, {.cpus = {last}});
    EXPECT_EQ(device->info().threads, 1);
    EXPECT_EQ(device->info().details.at("processors"), "1");
    EXPECT_THAT(device->id().name, HasSubstr(" (cpu " + std::to_string(last) + ")"));
    EXPECT_THAT(device->info().details.at("memory_from"), ::testing::Not(IsEmpty()));
    EXPECT_THAT(allowed_cpus(), ElementsAre(last));
  }
  ASSERT_TRUE(bind_this_thread(before));
  EXPECT_THROW(make_cpu_device(0, false, {.cpus = {1 << 19}}), NoSuchPart);
}

}  // namespace
}  // namespace twofour::device::cpu
