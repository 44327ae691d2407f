// Which device a run gets, and what it is told where that is not the one it may have hoped for.
#include "app/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"
#include "device/cpu/cpu_device.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

DeviceId gpu(int ordinal) {
  return {.kind = DeviceKind::kCuda,
          .ordinal = ordinal,
          .name = "Invented GPU",
          .uuid = "GPU-" + std::to_string(ordinal)};
}

/// GPUs of which those in `broken` cannot be opened.
GpuAccess gpus(const std::vector<DeviceId>& ids, const std::vector<int>& broken = {}) {
  return {.built = true,
          .list = [ids] { return ids; },
          .open = [broken](const DeviceId& id) -> std::unique_ptr<device::Device> {
            for (const int ordinal : broken) {
              if (ordinal == id.ordinal) throw std::runtime_error("it is in exclusive use");
            }
            auto device = device::make_cpu_device(1, false);  // in its place
            device->add_detail("opened", std::to_string(id.ordinal));
            return device;
          }};
}

GpuAccess no_driver() {
  return {.built = true, .list = []() -> std::vector<DeviceId> {
            throw std::runtime_error("the driver is too old");
          }};
}

std::string opened(const device::Device& device) {
  const auto found = device.info().details.find("opened");
  return found == device.info().details.end() ? "the CPU" : found->second;
}

TEST(Devices, AutoTakesTheFirstGpuThatOpens) {
  EXPECT_EQ(opened(*open_device({}, 1, gpus({gpu(0), gpu(1)}))), "0");
  EXPECT_EQ(opened(*open_device({}, 1, gpus({gpu(0), gpu(1)}, {0}))), "1");
}

TEST(Devices, AGpuThatCannotBeUsedIsSaidOnce) {
  const auto cpu = open_device({}, 1, gpus({gpu(0), gpu(1)}, {0, 1}));
  EXPECT_EQ(cpu->id().kind, DeviceKind::kCpu);
  EXPECT_THAT(cpu->notes(),
              ElementsAre("no GPU can be used, so the CPU computes: cuda:GPU-0: it is in "
                          "exclusive use; cuda:GPU-1: it is in exclusive use"));
  EXPECT_THAT(cpu->info().details.at("gpu"),
              HasSubstr("none is used: cuda:GPU-0: it is in exclusive"));
}

TEST(Devices, ADriverThatIsNotThereIsSaid) {
  const auto cpu = open_device({}, 1, no_driver());
  EXPECT_THAT(cpu->notes(),
              ElementsAre("no GPU can be used, so the CPU computes: the driver is too old"));
}

TEST(Devices, ABuildWithoutCudaMeantTheCpu) {
  GpuAccess without = no_driver();
  without.built = false;
  const auto cpu = open_device({}, 1, without);
  EXPECT_THAT(cpu->notes(), IsEmpty());
  EXPECT_THAT(cpu->info().details.at("gpu"), HasSubstr("the driver is too old"));
}

TEST(Devices, AChosenGpuIsNeverReplacedByTheCpu) {
  DeviceChoice chosen;
  chosen.kind = DeviceKind::kCuda;
  EXPECT_THROW(open_device(chosen, 1, no_driver()), std::runtime_error);
  EXPECT_THROW(open_device(chosen, 1, gpus({gpu(0)}, {0})), std::runtime_error);
  chosen.ordinal = 7;
  chosen.numbered = true;
  EXPECT_THROW(open_device(chosen, 1, gpus({gpu(0)})), UsageError);
}

}  // namespace
}  // namespace twofour::app
