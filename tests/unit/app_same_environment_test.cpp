// Where a run that several devices shared may go on.
#include "app/same_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kAlone = "";
constexpr const char* kOfAJob = "split over 4 ranks";

/// GPU `number` of a host, of `name`, that `spread` tells of.
Environment gpu(int number, const std::string& spread, const std::string& name = "NVIDIA H200") {
  Environment environment;
  environment.argv = {"twofour", "--dtype", "fp8", "model_bench"};
  environment.device.id = {.kind = DeviceKind::kCuda,
                           .ordinal = number,
                           .name = name,
                           .uuid = "GPU-" + std::to_string(number),
                           .pci_address = "0000:0" + std::to_string(number) + ":00.0"};
  environment.device.details["power_limit_w"] = "700";
  if (!spread.empty()) environment.device.details["spread"] = spread;
  return environment;
}

TEST(Continuation, OfARunOnOneDeviceIsOnThatDevice) {
  const std::vector<Environment> then{gpu(0, kAlone)};
  const Continuation same = continuation(then, gpu(0, kAlone), false);
  EXPECT_TRUE(same.same_part);
  EXPECT_THAT(same.differences, IsEmpty());
  const Continuation other = continuation(then, gpu(1, kAlone), false);
  EXPECT_FALSE(other.same_part);
  EXPECT_THAT(other.differences, ElementsAre("device's UUID: GPU-0 then, GPU-1 now"));
}

TEST(Continuation, OfAJobIsOnAnyDeviceOfTheKind) {
  const std::vector<Environment> then{gpu(0, kOfAJob), gpu(1, kOfAJob)};
  for (const bool part_of_job : {false, true}) {
    // Without mpirun, the GPU is the first, and the last line of the file is that of another rank.
    for (const int number : {0, 1, 7}) {
      const Continuation found = continuation(then, gpu(number, kAlone), part_of_job);
      EXPECT_THAT(found.differences, IsEmpty()) << number;
      EXPECT_EQ(found.same_part, number == 1 && !part_of_job) << number;
    }
    EXPECT_THAT(continuation(then, gpu(0, kAlone, "NVIDIA H100"), part_of_job).differences,
                ElementsAre("device: NVIDIA H200 then, NVIDIA H100 now"));
  }
}

TEST(Continuation, OfAJobOnDifferentHostsIsWhereSomeRankWas) {
  Environment limited = gpu(0, kOfAJob);
  limited.device.details["power_limit_w"] = "500";
  Environment newer = gpu(0, kOfAJob);
  newer.git_commit = "abc";
  newer.seed = 1;
  const std::vector<Environment> then{limited, gpu(0, kOfAJob), newer};
  for (const Environment& now : then) {
    EXPECT_THAT(continuation(then, now, true).differences, IsEmpty());
  }
  Environment other = gpu(2, kOfAJob);
  other.device.details["power_limit_w"] = "600";
  // Told is what differs from the part that is most like this one, of such the last.
  EXPECT_THAT(continuation(then, other, true).differences,
              ElementsAre("power limit in W: 700 then, 600 now"));
}

}  // namespace
}  // namespace twofour::app
