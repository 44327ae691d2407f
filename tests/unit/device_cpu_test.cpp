// The CPU device on the machine at hand.
#include "device/cpu/cpu_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "core/processor.h"
#include "device/cpu/arithmetic_rates.h"
#include "device/cpu/flush.h"
#include "device/cpu/pinning.h"
#include "device/cpu/timer.h"
#include "operands/host_operands.h"

namespace twofour::device {
namespace {

using cpu::allowed_cpus;
using testing::ElementsAre;
using testing::HasSubstr;

bool binds_threads(const Device& device) {
  return !device.info().details.at("pinned_to").starts_with("nothing");
}

/// Masks of the threads of a team.
std::vector<std::vector<int>> masks_of_team(int threads) {
  std::vector<std::vector<int>> masks(static_cast<std::size_t>(threads));
  parallel_run(threads,
               [&](int index, int) { masks[static_cast<std::size_t>(index)] = allowed_cpus(); });
  return masks;
}

TEST(CpuDevice, SaysWhatItIs) {
  const auto device = make_cpu_device(0, false);
  const DeviceInfo& info = device->info();
  EXPECT_EQ(info.id.kind, DeviceKind::kCpu);
  EXPECT_FALSE(info.id.name.empty());
  EXPECT_EQ(info.architecture, to_string(best_isa()));
  EXPECT_GE(info.threads, 1);
  EXPECT_LE(info.threads, static_cast<int>(allowed_cpus().size()));
  EXPECT_GT(info.last_level_cache_bytes, 0u);
  EXPECT_FALSE(info.last_level_cache_source.empty());
  for (const char* key : {"flags", "cores", "hypervisor", "governor", "numa_nodes", "timer"}) {
    EXPECT_TRUE(info.details.contains(key)) << key;
  }
  EXPECT_EQ(info.details.at("pinned_to"), "nothing");
  EXPECT_GT(info.memory_bytes, 0u);
  EXPECT_LE(device->memory().status().free_bytes, device->memory().status().total_bytes);
  EXPECT_GT(device->timer().resolution_s(), 0);
  EXPECT_EQ(make_cpu_device(3, false)->info().threads, 3);
}

TEST(CpuDevice, BindsEachThreadToOneProcessorAndLetsGo) {
  const std::vector<int> before = allowed_cpus();
  const int threads = static_cast<int>(before.size());
  {
    const auto device = make_cpu_device(threads, true);
    if (!binds_threads(*device)) GTEST_SKIP() << device->info().details.at("pinned_to");
    std::vector<int> used;
    for (const auto& mask : masks_of_team(threads)) {
      ASSERT_EQ(mask.size(), 1u);
      used.push_back(mask.front());
    }
    std::sort(used.begin(), used.end());
    EXPECT_EQ(used, before);
  }
  for (const auto& mask : masks_of_team(threads)) EXPECT_EQ(mask, before);
}

TEST(CpuDevice, BindsTheOnlyThreadToo) {
  const std::vector<int> before = allowed_cpus();
  {
    const auto device = make_cpu_device(1, true);
    if (!binds_threads(*device)) GTEST_SKIP() << device->info().details.at("pinned_to");
    EXPECT_EQ(allowed_cpus().size(), 1u);
  }
  EXPECT_EQ(allowed_cpus(), before);
}

// A smaller team makes the OpenMP runtime end threads; those it starts later inherit this thread's
// processor.
TEST(CpuDevice, BindsThreadsThatJoinTheTeamLater) {
  constexpr int kThreads = 4;
  const auto device = make_cpu_device(kThreads, true);
  if (!binds_threads(*device)) GTEST_SKIP() << device->info().details.at("pinned_to");
  const auto bound = masks_of_team(kThreads);
  masks_of_team(2);
  masks_of_team(kThreads);
  device->timer().timed_loop({.launch = [](int) {}})->run(1);
  EXPECT_EQ(masks_of_team(kThreads), bound);
}

TEST(CpuDevice, AllocatesAlignedWritableMemory) {
  const auto device = make_cpu_device(2, false);
  for (const std::size_t bytes : {0u, 1u, 63u, 64u, 4097u, 1u << 21, (5u << 20) + 3u}) {
    const Buffer buffer = device->memory().allocate(bytes);
    ASSERT_NE(buffer.data(), nullptr) << bytes;
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u) << bytes;
    std::fill_n(buffer.as<unsigned char>(), bytes, static_cast<unsigned char>(1));
  }
}

TEST(CpuDevice, SaysHowMuchMemoryItCouldNotHave) {
  const auto device = make_cpu_device(1, false);
  const std::size_t bytes = std::size_t{1} << 55;
  try {
    device->memory().allocate(bytes);
    FAIL() << "allocated " << bytes << " bytes";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(bytes)));
  }
}

TEST(CpuDevice, FillsAndCopiesEveryByte) {
  const auto device = make_cpu_device(3, false);
  for (const std::size_t bytes : {0u, 1u, 1000u, (1u << 20) + 7u}) {
    std::vector<unsigned char> memory(bytes + 2, 0x11);
    device->memory().fill_bytes(memory.data() + 1, 0xFF, bytes);
    EXPECT_EQ(memory.front(), 0x11);
    EXPECT_EQ(memory.back(), 0x11);
    EXPECT_TRUE(std::all_of(memory.begin() + 1, memory.end() - 1,
                            [](unsigned char byte) { return byte == 0xFF; }));
    std::iota(memory.begin(), memory.end(), static_cast<unsigned char>(0));
    std::vector<unsigned char> there(memory.size(), 0);
    std::vector<unsigned char> back(memory.size(), 0);
    device->memory().copy_from_host(there.data(), memory.data(), memory.size());
    device->memory().copy_to_host(back.data(), there.data(), there.size());
    device->memory().synchronize();
    EXPECT_EQ(there, memory);
    EXPECT_EQ(back, memory);
    // In no units, in units that do not divide the bytes, in one that is larger.
    for (const std::size_t unit : {std::size_t{0}, std::size_t{300}, std::size_t{1} << 21}) {
      std::fill(back.begin(), back.end(), static_cast<unsigned char>(0x22));
      device->memory().copy(back.data(), memory.data(), memory.size() - 1, unit);
      EXPECT_TRUE(std::equal(memory.begin(), memory.end() - 1, back.begin()));
      EXPECT_EQ(back.back(), 0x22);
    }
  }
}

TEST(CpuDevice, ReservesWhatIsAskedForOrNothing) {
  const auto device = make_cpu_device(2, false);
  const std::size_t bytes = std::size_t{8} << 20;
  const std::size_t ready = device->memory().reserve(bytes);
  // Nothing where pages may not go from buffer to buffer.
  EXPECT_TRUE(ready == bytes || ready == 0) << ready;
  EXPECT_EQ(device->memory().allocate(bytes).bytes(), bytes);
}

TEST(CpuDevice, MakesTheOperandsOfTheSpec) {
  const operands::OperandSpec spec{.shape = {.m = 5, .n = 70, .k = 36}, .type = DataType::kBf16};
  const auto device = make_cpu_device(2, false);
  const operands::Operands made = device->operands().make_operands(spec);
  const operands::Operands expected = operands::make_host_operands(
      spec, 1, [&](std::size_t bytes) { return device->memory().allocate(bytes); });
  ASSERT_EQ(made.b.bytes(), expected.b.bytes());
  EXPECT_EQ(std::memcmp(made.a.data(), expected.a.data(), made.a.bytes()), 0);
  EXPECT_EQ(std::memcmp(made.b.data(), expected.b.data(), made.b.bytes()), 0);
}

class TimedLoops : public testing::Test {
 protected:
  /// A loop whose launches write down their slots.
  std::unique_ptr<TimedLoop> loop(CacheMode mode, CacheMethod method, int copies,
                                  std::vector<MemoryRange> weights = {}) {
    return device_->timer().timed_loop({.launch = [this](int slot) { slots_.push_back(slot); },
                                        .cache = {.mode = mode, .method = method, .copies = copies},
                                        .weights = std::move(weights)});
  }

  std::unique_ptr<Device> device_ = make_cpu_device(2, true);
  std::vector<int> slots_;
};

TEST_F(TimedLoops, RotationGoesOnWhereItStopped) {
  const auto rotating = loop(CacheMode::kCold, CacheMethod::kRotate, 3);
  EXPECT_EQ(rotating->quantum(), 1);
  rotating->run(2);
  rotating->run(2);
  rotating->run(4);
  EXPECT_THAT(slots_, ElementsAre(0, 1, 2, 0, 1, 2, 0, 1));
}

TEST_F(TimedLoops, HotStartsWithALaunchThatIsNotTimed) {
  loop(CacheMode::kHot, CacheMethod::kNone, 1)->run(3);
  EXPECT_THAT(slots_, ElementsAre(0, 0, 0, 0));
}

TEST_F(TimedLoops, FlushingLaunchesTheFirstCopyAndKeepsTheWeights) {
  std::vector<int> weights(10000);
  std::iota(weights.begin(), weights.end(), 0);
  const std::vector<int> expected = weights;
  const auto flushing =
      loop(CacheMode::kCold, CacheMethod::kFlush, 1, {{weights.data(), 40000}, {nullptr, 0}});
  flushing->run(3);
  EXPECT_THAT(slots_, ElementsAre(0, 0, 0));
  EXPECT_EQ(weights, expected);
}

TEST_F(TimedLoops, TheTimeOfEveryTimedLaunchCounts) {
  constexpr double kLaunch_s = 200e-6;
  for (const auto method : {CacheMethod::kNone, CacheMethod::kRotate, CacheMethod::kFlush}) {
    const auto mode = method == CacheMethod::kNone ? CacheMode::kHot : CacheMode::kCold;
    const auto waiting = device_->timer().timed_loop({.launch =
                                                          [&](int) {
                                                            const double end =
                                                                cpu::now_s() + kLaunch_s;
                                                            while (cpu::now_s() < end) {
                                                            }
                                                          },
                                                      .cache = {.mode = mode, .method = method}});
    const Elapsed elapsed = waiting->run(5);
    EXPECT_GE(elapsed.device_s, 5 * kLaunch_s);
    EXPECT_EQ(elapsed.host_s, elapsed.device_s);
  }
}

TEST(FlushLines, CountsLinesThatHoldAByteOfTheRange) {
  alignas(64) static std::byte memory[256];
  const auto count = [](std::size_t offset, std::size_t bytes) {
    return cpu::line_count({memory + offset, bytes});
  };
  EXPECT_EQ(count(0, 0), 0);
  EXPECT_EQ(count(13, 0), 0);
  EXPECT_EQ(count(0, 1), 1);
  EXPECT_EQ(count(0, 64), 1);
  EXPECT_EQ(count(0, 65), 2);
  EXPECT_EQ(count(63, 1), 1);
  EXPECT_EQ(count(63, 2), 2);
  EXPECT_EQ(count(1, 128), 3);
}

TEST(FlushLines, ThreadsTakeEachLineOnce) {
  alignas(64) static std::byte memory[1024];
  for (const std::size_t offset : {0u, 1u, 63u}) {
    for (const std::size_t bytes : {0u, 1u, 64u, 200u, 777u}) {
      const MemoryRange range{memory + offset, bytes};
      for (const int threads : {1, 2, 5, 16}) {
        std::map<const std::byte*, int> flushed;
        for (int i = 0; i < threads; ++i) {
          const auto part = cpu::lines_of(range, thread_share(cpu::line_count(range), i, threads));
          for (std::size_t at = 0; at < part.bytes; at += 64) {
            ++flushed[static_cast<const std::byte*>(part.data) + at];
          }
        }
        std::map<const std::byte*, int> expected;
        for (std::size_t at = offset; at < offset + bytes; ++at) {
          expected[memory + at / 64 * 64] = 1;
        }
        EXPECT_EQ(flushed, expected) << offset << " " << bytes << " " << threads;
      }
    }
  }
}

#if defined(__x86_64__)

TEST(CpuDevice, CanFlushOnX86) { EXPECT_TRUE(make_cpu_device(1, false)->timer().can_flush()); }

TEST(ArithmeticRates, EveryTypeHasOneAtEveryLevelOfInstructions) {
  for (const IsaInfo& isa : kIsas) {
    if (!processor_features().has(isa.features)) continue;
    for (const DataTypeInfo& row : kDataTypes) {
      EXPECT_GT(cpu::measure_multiply_adds_per_s(row.type, isa.features, 1), 0)
          << isa.name << " " << row.cli_name;
    }
  }
}

TEST(CpuDevice, MeasuresItsClock) {
  const auto device = make_cpu_device(1, true);
  const ClockSample sample = device->probe().clocks();
  ASSERT_TRUE(sample.core_mhz.has_value());
  EXPECT_GT(*sample.core_mhz, 0);
}

#endif

TEST(CpuDevice, MeasuresItsRoofs) {
  const auto device = make_cpu_device(2, true);
  const std::vector<DataType> types{DataType::kInt8, DataType::kFp8E4m3};
  const Roofs roofs = device->probe().measure_roofs(types);
  EXPECT_GT(roofs.read_bytes_per_s, 0);
  // A CPU has no instruction for 2:4.
  EXPECT_TRUE(roofs.sparse_multiply_adds_per_s.empty());
#if defined(__x86_64__)
  ASSERT_EQ(roofs.multiply_adds_per_s.size(), 2u);
  for (const auto& [type, rate] : roofs.multiply_adds_per_s) EXPECT_GT(rate, 0);
#endif
}

}  // namespace
}  // namespace twofour::device
