// What the CUDA device decides without a GPU.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "device/cuda/cuda_device.h"
#include "device/cuda/graph_length.h"
#include "device/cuda/identity.h"
#include "device/cuda/nvml.h"
#include "device/cuda/peak_rates.h"

namespace twofour::device::cuda {
namespace {

TEST(GraphLength, GoesRoundAllCopiesAtLeastTwice) {
  for (const int copies : {1, 2, 3, 7, 11, 64, 600, 1024}) {
    for (const double seconds : {0.0, 4e-6, 50e-6, 3e-3}) {
      const auto length = graph_length(copies, seconds);
      EXPECT_EQ(length % copies, 0) << copies << " copies, " << seconds << " s";
      EXPECT_GE(length, 2 * copies) << copies << " copies, " << seconds << " s";
    }
  }
}

TEST(GraphLength, IsALittleMoreThanASample) {
  EXPECT_EQ(graph_length(1, 10e-6), 60);
  EXPECT_EQ(graph_length(12, 10e-6), 60);
  EXPECT_EQ(graph_length(12, 10e-6, 1e-3), 108);
  EXPECT_EQ(graph_length(1, 5e-3), 2);
}

TEST(GraphLength, IsBounded) {
  EXPECT_EQ(graph_length(1, 0), 512);
  EXPECT_EQ(graph_length(4096, 2e-6), 4096);
  EXPECT_EQ(graph_length(0, 1e-3), 2);
}

TEST(ThrottleWords, NamesWhatThrottles) {
  EXPECT_EQ(throttle_words(0), "");
  EXPECT_EQ(throttle_words(0x1), "");  // idle
  EXPECT_EQ(throttle_words(0x4), "software power cap");
  EXPECT_EQ(throttle_words(0x4 | 0x40 | 0x1), "software power cap, hardware thermal slowdown");
}

// The published dense figures of whole GPUs follow from the rates.
TEST(PeakRates, GiveThePublishedFigures) {
  const auto tflops = [](int capability, DataType type, int sms, double ghz) {
    return 2e-3 * multiply_adds_per_clock(capability, type).value() * sms * ghz;
  };
  EXPECT_NEAR(tflops(90, DataType::kFp8E4m3, 132, 1.83), 1979, 10);
  EXPECT_NEAR(tflops(90, DataType::kBf16, 132, 1.83), 989, 5);
  EXPECT_NEAR(tflops(80, DataType::kInt8, 108, 1.41), 624, 3);
  EXPECT_NEAR(tflops(120, DataType::kBf16, 188, 2.617), 503.8, 1);
}

TEST(PeakRates, SayNothingOfWhatIsNotThere) {
  EXPECT_FALSE(multiply_adds_per_clock(80, DataType::kFp8E4m3));
  EXPECT_FALSE(multiply_adds_per_clock(90, DataType::kFp32));
  EXPECT_FALSE(multiply_adds_per_clock(75, DataType::kInt8));
}

TEST(Identity, IsWrittenAsNvidiaSmiWritesIt) {
  constexpr std::array<char, kUuidBytes> uuid{'\x8c', '\x5f', '\x00', '\x01', '\x23', '\x45',
                                              '\x67', '\x89', '\xab', '\xcd', '\xef', '\xfe',
                                              '\xdc', '\xba', '\x98', '\x76'};
  EXPECT_EQ(uuid_text(uuid), "GPU-8c5f0001-2345-6789-abcd-effedcba9876");
  EXPECT_EQ(pci_address_text(0, 0x1b, 0), "0000:1B:00.0");
  EXPECT_EQ(pci_address_text(0x10000, 0xe8, 0x1f), "10000:E8:1F.0");
}

TEST(GpuDevices, AreListedOrTheReasonIsGiven) {
  try {
    const std::vector<DeviceId> ids = list_cuda_devices();
    ASSERT_FALSE(ids.empty());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(ids[i].kind, DeviceKind::kCuda);
      EXPECT_EQ(ids[i].ordinal, static_cast<int>(i));
      EXPECT_TRUE(ids[i].uuid.starts_with("GPU-")) << ids[i].uuid;
    }
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("no usable GPU: ")) << error.what();
  }
}

}  // namespace
}  // namespace twofour::device::cuda
