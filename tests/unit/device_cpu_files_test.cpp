// What the CPU device reads of the machine, on made-up machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "device/cpu/cgroup.h"
#include "device/cpu/clocks.h"
#include "device/cpu/foreign_load.h"
#include "device/cpu/host_files.h"
#include "device/cpu/memory.h"
#include "device/cpu/parts.h"
#include "device/cpu/team.h"
#include "device/cpu/topology.h"

namespace twofour::device::cpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

/// A root directory that is filled by the test and removed after it.
class MadeUpMachine : public testing::Test {
 public:
  ~MadeUpMachine() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

 protected:
  MadeUpMachine() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category());
    root_ = name;
  }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void write_cache(int cpu, int index, int level, const char* type, const char* size,
                   const char* shared) const {
    const std::string directory = "sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                                  "/cache/index" + std::to_string(index) + "/";
    write(directory + "level", std::to_string(level) + "\n");
    write(directory + "type", std::string(type) + "\n");
    write(directory + "size", std::string(size) + "\n");
    write(directory + "shared_cpu_list", std::string(shared) + "\n");
  }
  void write_siblings(int cpu, const char* list) const {
    write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list",
          std::string(list) + "\n");
  }
  /// Four processors of two cores, SMT siblings two apart, one L3 for each core.
  void write_two_cores() const {
    for (int cpu = 0; cpu < 4; ++cpu) {
      const char* siblings = cpu % 2 == 0 ? "0,2" : "1,3";
      write_siblings(cpu, siblings);
      write_cache(cpu, 0, 1, "Data", "48K", siblings);
      write_cache(cpu, 1, 1, "Instruction", "64K", siblings);
      write_cache(cpu, 2, 2, "Unified", "1024K", siblings);
      write_cache(cpu, 3, 3, "Unified", "16M", siblings);
    }
  }
  [[nodiscard]] HostFiles files() const { return HostFiles(root_); }

 private:
  std::filesystem::path root_;
};

using HostFilesTest = MadeUpMachine;

TEST_F(HostFilesTest, ReadsTextAndWholeNumbersOnly) {
  write("number", "123\n");
  write("word", "max\n");
  write("mixed", "12 34\n");
  write("negative", "-1\n");
  write("empty", "");
  EXPECT_EQ(files().text("mixed"), "12 34");
  EXPECT_EQ(files().text("empty"), "");
  EXPECT_EQ(files().text("missing"), std::nullopt);
  EXPECT_EQ(files().number("number"), 123u);
  for (const char* path : {"word", "mixed", "negative", "empty", "missing"}) {
    EXPECT_EQ(files().number(path), std::nullopt) << path;
  }
}

TEST_F(HostFilesTest, NamesAreSortedAndAMissingDirectoryHasNone) {
  write("d/b", "");
  write("d/a", "");
  EXPECT_THAT(files().names("d"), ElementsAre("a", "b"));
  EXPECT_THAT(files().names("missing"), IsEmpty());
}

TEST(Field, IsTheValueOfTheWholeKey) {
  const char* text = "model\t\t: 17\nmodel name\t: AMD EPYC\nMemTotal:  5 kB\nempty:\n";
  EXPECT_EQ(field(text, "model name"), "AMD EPYC");
  EXPECT_EQ(field(text, "MemTotal"), "5 kB");
  EXPECT_EQ(field(text, "Mem"), std::nullopt);
  EXPECT_EQ(field(text, "empty"), "");
  EXPECT_EQ(field(text, "missing"), std::nullopt);
  EXPECT_EQ(field("inactive_file 7", "inactive_file"), "7");
}

TEST(ParseCpuList, ReadsRangesAndStopsAtWhatIsNone) {
  EXPECT_THAT(parse_cpu_list("0-2,8,10-11"), ElementsAre(0, 1, 2, 8, 10, 11));
  EXPECT_THAT(parse_cpu_list("5"), ElementsAre(5));
  EXPECT_THAT(parse_cpu_list("3,1"), ElementsAre(1, 3));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_THAT(parse_cpu_list("1,x,2"), ElementsAre(1));
  EXPECT_THAT(parse_cpu_list("4-2"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("0-99999999999"), IsEmpty());
}

TEST(ParseSize, KnowsTheUnitsOfSysfs) {
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("32K"), 32 * kKiB);
  EXPECT_EQ(parse_size("480M"), 480 * kMiB);
  EXPECT_EQ(parse_size("1G"), 1024 * kMiB);
  EXPECT_EQ(parse_size("32KB"), std::nullopt);
  EXPECT_EQ(parse_size("K"), std::nullopt);
  EXPECT_EQ(parse_size(""), std::nullopt);
}

using CgroupTest = MadeUpMachine;

TEST_F(CgroupTest, NoFilesMeanNoLimits) {
  const CgroupLimits limits = read_cgroup_limits(files());
  EXPECT_EQ(limits.cpus, std::nullopt);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
  EXPECT_EQ(limits.memory_free_bytes, std::nullopt);
}

TEST_F(CgroupTest, VersionTwoTakesTheTightestOnTheWayUp) {
  write("proc/self/cgroup", "0::/pod/container\n");
  write("sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/pod/cpu.max", "250000 100000\n");
  write("sys/fs/cgroup/pod/container/memory.max", "1000000\n");
  write("sys/fs/cgroup/pod/container/memory.current", "400000\n");
  write("sys/fs/cgroup/pod/container/memory.stat", "anon 1\ninactive_file 150000\n");
  write("sys/fs/cgroup/pod/memory.max", "2000000\n");
  write("sys/fs/cgroup/pod/memory.current", "1900000\n");
  const CgroupLimits limits = read_cgroup_limits(files());
  EXPECT_EQ(limits.cpus, 2.5);
  EXPECT_EQ(limits.memory_bytes, 1000000u);
  EXPECT_EQ(limits.memory_free_bytes, 100000u);
}

TEST_F(CgroupTest, AContainerThatIsToldItsHostsPathFindsItsLimitsAtTheRoot) {
  write("proc/self/cgroup", "0::/system.slice/docker-abc.scope\n");
  write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  write("sys/fs/cgroup/memory.max", "max\n");
  const CgroupLimits limits = read_cgroup_limits(files());
  EXPECT_EQ(limits.cpus, 4.0);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
}

TEST_F(CgroupTest, VersionOne) {
  write("proc/self/cgroup", "4:memory:/job\n3:cpu,cpuacct:/\n0::/\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "8000\n");
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "9000\n");
  write("sys/fs/cgroup/memory/job/memory.stat", "total_inactive_file 3000\n");
  const CgroupLimits limits = read_cgroup_limits(files());
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory_bytes, 8000u);
  EXPECT_EQ(limits.memory_free_bytes, 2000u);
}

TEST_F(CgroupTest, QuotaPeriodsAreThoseOfTheGroupsWithAQuota) {
  EXPECT_THAT(read_quota_periods(files()), IsEmpty());
  write("proc/self/cgroup", "0::/pod/container\n");
  write("sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/pod/container/cpu.stat", "nr_periods 5\nnr_throttled 5\n");
  EXPECT_THAT(read_quota_periods(files()), IsEmpty());
  write("sys/fs/cgroup/pod/cpu.max", "100000 100000\n");
  EXPECT_THAT(read_quota_periods(files()), IsEmpty());  // cpu.stat is not readable
  write("sys/fs/cgroup/pod/cpu.stat",
        "usage_usec 77\nnr_periods 124\nnr_throttled 89\nthrottled_usec 4000\n");
  EXPECT_THAT(read_quota_periods(files()),
              ElementsAre(testing::Pair("sys/fs/cgroup/pod", QuotaPeriods{124, 89})));
}

TEST_F(CgroupTest, QuotaPeriodsOfVersionOne) {
  write("proc/self/cgroup", "3:cpu,cpuacct:/job\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu/job/cpu.stat", "nr_periods 10\nnr_throttled 4\nthrottled_time 9\n");
  EXPECT_THAT(read_quota_periods(files()),
              ElementsAre(testing::Pair("sys/fs/cgroup/cpu/job", QuotaPeriods{10, 4})));
}

TEST(ThrottledBetween, IsOfTheGroupThatWasStoppedMost) {
  const std::map<std::string, QuotaPeriods> before{{"a", {100, 10}}, {"b", {50, 0}}};
  EXPECT_EQ(throttled_between({}, {}), std::nullopt);
  EXPECT_EQ(throttled_between(before, before), (QuotaPeriods{0, 0}));
  EXPECT_EQ(throttled_between(before, {{"a", {120, 20}}, {"b", {60, 10}}}), (QuotaPeriods{10, 10}));
  EXPECT_EQ(throttled_between(before, {{"a", {120, 20}}, {"new", {9, 9}}}), (QuotaPeriods{20, 10}));
}

TEST_F(CgroupTest, TheProbeTellsOfTheTimeSinceItWatches) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  write("sys/fs/cgroup/cpu.stat", "nr_periods 1000\nnr_throttled 900\n");
  HostMemory memory(files(), 1);
  CpuProbe probe(files(), 1, kMiB, memory);
  EXPECT_EQ(probe.clocks().throttle_reasons, "");
  EXPECT_EQ(probe.clocks().quota_throttled_share, 0.0);
  write("sys/fs/cgroup/cpu.stat", "nr_periods 1100\nnr_throttled 975\n");
  EXPECT_EQ(probe.clocks().throttle_reasons, "CPU quota in 75 of 100 periods");
  EXPECT_EQ(probe.clocks().quota_throttled_share, 0.75);
  probe.watch_throttling();
  EXPECT_EQ(probe.clocks().throttle_reasons, "");
}

TEST_F(CgroupTest, WithoutAQuotaAndCountersThrottlingIsNotKnown) {
  HostMemory memory(files(), 1);
  const CpuProbe probe(files(), 1, kMiB, memory);
  EXPECT_EQ(probe.clocks().throttle_reasons, std::nullopt);
  EXPECT_EQ(probe.clocks().quota_throttled_share, std::nullopt);
}

TEST(TeamNotes, SayWhatMakesATeamSlow) {
  EXPECT_THAT(team_notes({.wanted = 2, .threads = 2, .processors = 2}), IsEmpty());
  EXPECT_THAT(team_notes({.wanted = 2, .threads = 2, .processors = 4, .quota = 2.0}), IsEmpty());
  EXPECT_THAT(team_notes({.wanted = 4, .threads = 1, .processors = 4}),
              ElementsAre(HasSubstr("1 thread can be had of the 4 asked for")));
  EXPECT_THAT(team_notes({.wanted = 2, .threads = 2, .processors = 1}),
              ElementsAre(HasSubstr("2 threads share the 1 processor")));
  EXPECT_THAT(team_notes({.wanted = 2, .threads = 2, .processors = 2, .quota = 1.0}),
              ElementsAre(HasSubstr("CPU quota of 1.00 processors")));
}

TEST(StartableThreads, AreAllWhereNothingIsInTheWay) {
  EXPECT_EQ(startable_threads(1), 1);
  EXPECT_EQ(startable_threads(5), 5);
}

TEST_F(CgroupTest, VersionOneWithoutAQuota) {
  write("proc/self/cgroup", "3:cpu:/\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(read_cgroup_limits(files()).cpus, std::nullopt);
}

using TopologyTest = MadeUpMachine;

TEST_F(TopologyTest, ThreadsTakeOneProcessorOfEachCoreFirst) {
  write_two_cores();
  const std::vector<int> allowed{0, 1, 2, 3};
  const Topology topology = read_topology(files(), allowed);
  EXPECT_THAT(topology.cpus, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(topology.cores, 2);
  EXPECT_EQ(topology.caches.size(), 8u);
}

TEST_F(TopologyTest, OnlyProcessorsOfTheAffinityMaskCount) {
  write_two_cores();
  const std::vector<int> allowed{0, 2, 3};
  const Topology topology = read_topology(files(), allowed);
  EXPECT_THAT(topology.cpus, ElementsAre(0, 3, 2));
  EXPECT_EQ(topology.cores, 2);
  EXPECT_EQ(default_threads(topology, std::nullopt), 2);
}

TEST_F(TopologyTest, DefaultThreadsKeepWithinTheQuota) {
  write_two_cores();
  const std::vector<int> allowed{0, 1, 2, 3};
  const Topology topology = read_topology(files(), allowed);
  EXPECT_EQ(default_threads(topology, 16.0), 2);
  EXPECT_EQ(default_threads(topology, 1.9), 1);
  EXPECT_EQ(default_threads(topology, 0.5), 1);
}

TEST_F(TopologyTest, LastLevelCacheIsAllThatTheThreadsReach) {
  write_two_cores();
  const std::vector<int> allowed{0, 1, 2, 3};
  const Topology topology = read_topology(files(), allowed);
  EXPECT_EQ(last_level_cache(topology, 1, false).bytes, 16 * kMiB);
  EXPECT_EQ(last_level_cache(topology, 2, false).bytes, 32 * kMiB);
  EXPECT_EQ(last_level_cache(topology, 64, false).bytes, 32 * kMiB);
  EXPECT_THAT(last_level_cache(topology, 2, false).source,
              testing::AllOf(HasSubstr("2 level-3 caches"), testing::Not(HasSubstr("virtual"))));
  EXPECT_THAT(last_level_cache(topology, 1, true).source, HasSubstr("virtual machine"));
}

TEST_F(TopologyTest, CachesAreCountedOnce) {
  for (int cpu = 0; cpu < 2; ++cpu) {
    write_siblings(cpu, cpu == 0 ? "0" : "1");
    write_cache(cpu, 0, 1, "Data", "32K", cpu == 0 ? "0" : "1");
    write_cache(cpu, 1, 3, "Unified", "491520K", "0-1");
  }
  const std::vector<int> allowed{0, 1};
  const Topology topology = read_topology(files(), allowed);
  EXPECT_EQ(last_level_cache(topology, 2, true).bytes, 480 * kMiB);
  EXPECT_EQ(describe_caches(topology, 1), "2 x 32 KiB, 1 processor each");
  EXPECT_EQ(describe_caches(topology, 2), "");
  EXPECT_EQ(describe_caches(topology, 3), "1 x 480 MiB, 2 processors each");
}

TEST_F(TopologyTest, WithoutSysfsEachProcessorIsACoreAndThereIsStillACacheSize) {
  const std::vector<int> allowed{4, 7};
  const Topology topology = read_topology(files(), allowed);
  EXPECT_THAT(topology.cpus, ElementsAre(4, 7));
  EXPECT_EQ(topology.cores, 2);
  const LastLevelCache cache = last_level_cache(topology, 2, false);
  EXPECT_GT(cache.bytes, 0u);
  EXPECT_THAT(cache.source, testing::Not(HasSubstr("sysfs:")));
}

using MemoryTest = MadeUpMachine;

TEST_F(MemoryTest, IsWhatTheKernelCallsAvailable) {
  write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    600 kB\n");
  const MemoryStatus status = read_memory(files());
  EXPECT_EQ(status.total_bytes, 1000 * kKiB);
  EXPECT_EQ(status.free_bytes, 600 * kKiB);
}

TEST_F(MemoryTest, ControlGroupsCanLeaveLess) {
  write("proc/meminfo", "MemTotal:       1000 kB\nMemAvailable:    600 kB\n");
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "307200\n");
  write("sys/fs/cgroup/memory.current", "204800\n");
  const MemoryStatus status = read_memory(files());
  EXPECT_EQ(status.total_bytes, 300 * kKiB);
  EXPECT_EQ(status.free_bytes, 100 * kKiB);
}

TEST_F(MemoryTest, NothingReadableIsUnknown) {
  EXPECT_EQ(read_memory(files()).total_bytes, std::nullopt);
  EXPECT_EQ(read_memory(files()).free_bytes, std::nullopt);
  write("proc/meminfo", "MemTotal:       1000 kB\n");  // before Linux 3.14
  EXPECT_EQ(read_memory(files()).total_bytes, 1000 * kKiB);
  EXPECT_EQ(read_memory(files()).free_bytes, std::nullopt);
}

std::string limits_text(const std::string& data, const std::string& address_space) {
  return "Limit                     Soft Limit           Hard Limit           Units     \n"
         "Max data size             " +
         data +
         "            unlimited            bytes     \n"
         "Max address space         " +
         address_space + "            unlimited            bytes     \n";
}

TEST_F(MemoryTest, LimitsOfTheProcessCanLeaveLess) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  write("proc/meminfo", "MemTotal:       1000000 kB\nMemAvailable:    600000 kB\n");
  write("proc/self/statm", "1000 20 10 5 0 300 0\n");
  write("proc/self/limits", limits_text("unlimited", "unlimited"));
  EXPECT_EQ(read_memory(files()).free_bytes, 600000 * kKiB);
  const std::string space = std::to_string(1500 * page);
  write("proc/self/limits", limits_text("unlimited", space));
  EXPECT_EQ(read_memory(files()).free_bytes, 500 * page);
  const std::string data = std::to_string(310 * page);
  write("proc/self/limits", limits_text(data, space));
  EXPECT_EQ(read_memory(files()).free_bytes, 10 * page);
  write("proc/self/limits", limits_text("1", space));
  EXPECT_EQ(read_memory(files()).free_bytes, 0u);
}

TEST_F(MemoryTest, AKernelThatDoesNotOvercommitHasALimit) {
  write("proc/meminfo",
        "MemTotal: 1000 kB\nMemAvailable: 600 kB\nCommitLimit: 500 kB\nCommitted_AS: 450 kB\n");
  EXPECT_EQ(read_memory(files()).free_bytes, 600 * kKiB);
  write("proc/sys/vm/overcommit_memory", "2\n");
  EXPECT_EQ(read_memory(files()).free_bytes, 50 * kKiB);
}

using ClocksTest = MadeUpMachine;

TEST_F(ClocksTest, TemperatureIsThatOfTheProcessor) {
  EXPECT_EQ(read_temperature_c(files()), std::nullopt);
  write("sys/class/hwmon/hwmon0/name", "nvme\n");
  write("sys/class/hwmon/hwmon0/temp1_input", "30000\n");
  EXPECT_EQ(read_temperature_c(files()), std::nullopt);
  write("sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n");
  write("sys/class/thermal/thermal_zone1/temp", "41500\n");
  EXPECT_EQ(read_temperature_c(files()), 41.5);
  write("sys/class/hwmon/hwmon1/name", "k10temp\n");
  write("sys/class/hwmon/hwmon1/temp1_input", "52250\n");
  EXPECT_EQ(read_temperature_c(files()), 52.25);
}

TEST_F(ClocksTest, ThrottlingIsCountedOverAllCores) {
  EXPECT_EQ(read_throttle_count(files()), std::nullopt);
  write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
  write("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "4\n");
  EXPECT_EQ(read_throttle_count(files()), 7u);
}

TEST_F(MadeUpMachine, CountsTheTimeOfProcessorsAndWhatTheHostStole) {
  const long ticks = sysconf(_SC_CLK_TCK);
  EXPECT_FALSE(read_load(files(), {}));
  const std::string t = std::to_string(ticks);
  write("proc/stat", "cpu  9 9 9 9\ncpu0 " + t + " 0 " + t + " 500 70 0 0 " + t +
                         " 0 0\ncpu1 0 0 0 900 0 0 0 0 0 0\nprocs_running 4\n");
  const auto both = read_load(files(), {});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->processors, 2U);
  EXPECT_DOUBLE_EQ(both->busy_s, 2) << "idle and waiting for a disk are not busy";
  ASSERT_TRUE(both->steal_s);
  EXPECT_DOUBLE_EQ(*both->steal_s, 1);
  const std::vector<int> second{1};
  EXPECT_DOUBLE_EQ(read_load(files(), second)->busy_s, 0);
  const std::vector<int> none{7};
  EXPECT_FALSE(read_load(files(), none));
  EXPECT_EQ(running_beside(files()), 3);
}

TEST_F(MadeUpMachine, DoesNotKnowWhatTheHostStoleWhereNobodyCounts) {
  write("proc/stat", "cpu0 100 0 0 500 0 0 0\ncpu1 100 0 0 500 0 0 0 7 0 0\n");
  const auto reading = read_load(files(), {});
  ASSERT_TRUE(reading);
  EXPECT_GT(reading->busy_s, 0);
  EXPECT_FALSE(reading->steal_s) << "one of two processors has no such column";
  LoadReading later = *reading;
  later.at_s += 10;
  const auto load = foreign_between(*reading, later);
  ASSERT_TRUE(load);
  EXPECT_FALSE(load->stolen);
  write("proc/stat", "cpu0 100 0 0 500 0 0 0 3\n");
  EXPECT_TRUE(read_load(files(), {})->steal_s);
}

TEST(ForeignLoad, IsWhatThisProcessDidNotUse) {
  const LoadReading before{.at_s = 10, .busy_s = 5, .steal_s = 1, .own_s = 2, .processors = 2};
  LoadReading after{.at_s = 20, .busy_s = 20, .steal_s = 3, .own_s = 12, .processors = 2};
  const auto load = foreign_between(before, after);
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->foreign, 5.0 / 20);
  ASSERT_TRUE(load->stolen);
  EXPECT_DOUBLE_EQ(*load->stolen, 2.0 / 20);
  after.own_s = 30;  // the counters are coarse
  EXPECT_EQ(foreign_between(before, after)->foreign, 0);
  after.at_s = 10.05;
  EXPECT_FALSE(foreign_between(before, after)) << "a tick would be a fifth";
}

}  // namespace
}  // namespace twofour::device::cpu
