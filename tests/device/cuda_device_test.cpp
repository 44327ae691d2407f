// The GPU as the runner sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/cuda/cuda_device.h"
#include "device/cuda/cuda_stream.h"
#include "device/cuda/kernels.h"
#include "gpu_fixture.h"
#include "test_kernels.h"

namespace twofour::device {
namespace {

using ::testing::HasSubstr;
using CudaDeviceTest = twofour::testing::GpuTest;

TEST_F(CudaDeviceTest, DescribesItself) {
  const DeviceInfo& info = device().info();
  const std::vector<DeviceId> ids = list_cuda_devices();
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(info.id, ids.front());
  EXPECT_THAT(info.id.uuid, ::testing::StartsWith("GPU-"));
  EXPECT_THAT(info.id.pci_address, ::testing::EndsWith(".0"));
  EXPECT_GT(multiprocessors_of(device()), 0);
  EXPECT_THAT(info.architecture, HasSubstr("sm_"));
  EXPECT_GT(info.last_level_cache_bytes, std::size_t{1} << 20);
  const MemoryStatus memory = device().memory().status();
  EXPECT_GT(memory.free_bytes, 0u);
  EXPECT_LE(memory.free_bytes, memory.total_bytes);
}

TEST_F(CudaDeviceTest, CopiesThereAndBack) {
  std::vector<unsigned char> sent(1000);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<unsigned char>(i * 7);
  const Buffer buffer = device().memory().allocate(sent.size());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 256, 0u);
  device().memory().copy_from_host(buffer.data(), sent.data(), sent.size());
  std::vector<unsigned char> received(sent.size());
  device().memory().copy_to_host(received.data(), buffer.data(), received.size());
  EXPECT_EQ(received, sent);
  device().memory().fill_bytes(buffer.data(), 0xAB, 10);
  device().memory().copy_to_host(received.data(), buffer.data(), received.size());
  EXPECT_EQ(received[9], 0xAB);
  EXPECT_EQ(received[10], sent[10]);
}

TEST_F(CudaDeviceTest, OutOfMemoryIsAnErrorThatPasses) {
  const std::optional<std::size_t> total = device().memory().status().total_bytes;
  ASSERT_TRUE(total);
  EXPECT_THROW(device().memory().allocate(*total * 2), std::runtime_error);
  EXPECT_NO_THROW(device().memory().allocate(1024));
}

// Every copy is launched equally often, whatever the number of copies: nothing stays in the cache
// because it was never read.
TEST_F(CudaDeviceTest, TheLoopGoesRoundAllCopies) {
  for (const int copies : {1, 2, 3, 11}) {
    const auto count = static_cast<std::size_t>(copies);
    const Buffer counters = device().memory().allocate(count * sizeof(std::uint32_t));
    LoopSpec spec;
    spec.cache.copies = copies;
    spec.launch = [&](int slot) {
      twofour::testing::count_launch(counters.as<std::uint32_t>() + slot, stream_of(device()));
    };
    const auto loop = device().timer().timed_loop(spec);
    const std::int64_t quantum = loop->quantum();
    ASSERT_EQ(quantum % copies, 0);
    ASSERT_GE(quantum, 2 * copies);
    device().memory().fill_bytes(counters.data(), 0, counters.bytes());
    const Elapsed elapsed = loop->run(3 * quantum);
    EXPECT_GT(elapsed.device_s, 0);
    EXPECT_GT(elapsed.host_s, 0);
    std::vector<std::uint32_t> counted(count);
    device().memory().copy_to_host(counted.data(), counters.data(), counters.bytes());
    for (const std::uint32_t launches : counted) {
      // A few more than the replays: those that measure the host's time.
      EXPECT_GE(launches, 3 * quantum / copies);
      EXPECT_LE(launches, 3 * quantum / copies + 4);
    }
  }
}

// A clock can only be as high as the GPU's highest, however short the launches are.
TEST_F(CudaDeviceTest, ALoopTellsTheClockOfTheMultiprocessorsWhereItIsAsked) {
  LoopSpec spec;
  spec.launch = [&](int /*slot*/) { cuda::spin(20'000, stream_of(device())); };
  const auto plain = device().timer().timed_loop(spec);
  EXPECT_FALSE(plain->run(10 * plain->quantum()).effective_mhz);
  spec.effective_clock = true;
  const auto loop = device().timer().timed_loop(spec);
  const double most_mhz = std::stod(device().info().details.at("max_sm_clock_mhz"));
  for (int i = 0; i < 3; ++i) {
    const Elapsed elapsed = loop->run(10 * loop->quantum());
    ASSERT_TRUE(elapsed.effective_mhz);
    EXPECT_GT(*elapsed.effective_mhz, 100);
    EXPECT_LT(*elapsed.effective_mhz, 1.01 * most_mhz);
  }
}

// Work that the graph does not record would be timed as nothing.
TEST_F(CudaDeviceTest, AKernelThatIsNotRecordedIsRefused) {
  LoopSpec spec;
  spec.launch = [](int) {};
  EXPECT_THROW(device().timer().timed_loop(spec), std::runtime_error);
  EXPECT_NO_THROW(device().memory().synchronize());
}

TEST_F(CudaDeviceTest, AFailureDuringCaptureGivesTheStreamBack) {
  int calls = 0;
  LoopSpec spec;
  const Buffer counter = device().memory().allocate(sizeof(std::uint32_t));
  spec.launch = [&](int) {
    if (++calls > 10) throw std::runtime_error("the kernel gave up");
    twofour::testing::count_launch(counter.as<std::uint32_t>(), stream_of(device()));
  };
  EXPECT_THROW(device().timer().timed_loop(spec), std::runtime_error);
  EXPECT_NO_THROW(device().memory().synchronize());
}

TEST_F(CudaDeviceTest, MeasuresItsRoofs) {
  const std::vector<DataType> types{DataType::kInt8, DataType::kBf16};
  const Roofs roofs = device().probe().measure_roofs(types);
  // Any GPU of the last ten years reads faster than 50 GB/s and slower than 50 TB/s.
  EXPECT_GT(roofs.read_bytes_per_s, 50e9);
  EXPECT_LT(roofs.read_bytes_per_s, 50e12);
}

TEST_F(CudaDeviceTest, RefusesAGpuThatIsNotThere) {
  EXPECT_THROW(make_cuda_device(1000), std::runtime_error);
}

}  // namespace
}  // namespace twofour::device
