#include "core/gpu_architecture_row.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace twofour {
namespace {

TEST(GpuArchitectures, StandInTheOrderOfTheirValues) {
  for (std::size_t i = 0; i < kGpuArchitectures.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kGpuArchitectures[i].architecture), i);
  }
}

TEST(GpuArchitectures, NamesFollowFromTheComputeCapability) {
  for (const GpuArchitectureInfo& row : kGpuArchitectures) {
    EXPECT_EQ(row.folder, "sm" + std::to_string(row.compute_capability));
    EXPECT_EQ(row.target, "sm_" + std::to_string(row.compute_capability) + "a");
    EXPECT_EQ(parse_gpu_architecture(row.folder), row.architecture);
  }
  EXPECT_EQ(parse_gpu_architecture("sm_90a"), std::nullopt);
}

TEST(GpuArchitectures, RunOnGpusOfTheirComputeCapabilityAlone) {
  constexpr std::array kHopper{GpuArchitecture::kSm90};
  EXPECT_EQ(refusal(kHopper, 90), std::nullopt);
  EXPECT_EQ(refusal(kHopper, 80), "its kernels are for compute capability 9.0, this GPU has 8.0");
  EXPECT_EQ(refusal(kHopper, 120), "its kernels are for compute capability 9.0, this GPU has 12.0");
  constexpr std::array kTwo{GpuArchitecture::kSm90, GpuArchitecture::kSm90};
  EXPECT_EQ(refusal(kTwo, 89),
            "its kernels are for compute capability 9.0 or 9.0, this GPU has 8.9");
}

TEST(GpuArchitectures, LeadToTheRowOfATable) {
  struct Row {
    GpuArchitecture architecture;
    int value;
  };
  constexpr std::array kRows{Row{GpuArchitecture::kSm90, 7}};
  const std::span<const Row> rows = kRows;
  EXPECT_EQ(row_for(rows, 90).value, 7);
  try {
    (void)row_for(rows, 80);
    FAIL() << "took a row for a GPU that it is not for";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "its kernels are for compute capability 9.0, this GPU has 8.0");
  }
}

}  // namespace
}  // namespace twofour
