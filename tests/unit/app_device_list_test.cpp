// Which devices a list means, and which of them may share the cases of a run.
#include "app/device_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DeviceId gpu(int ordinal, const std::string& name) {
  return {.kind = DeviceKind::kCuda,
          .ordinal = ordinal,
          .name = name,
          .uuid = "GPU-00000000-1111-2222-3333-44444444444" + std::to_string(ordinal)};
}

GpuAccess gpus(const std::vector<DeviceId>& ids) {
  return {.built = true, .list = [ids] { return ids; }, .open = {}};
}

GpuAccess three() { return gpus({gpu(0, "NVIDIA A"), gpu(1, "NVIDIA A"), gpu(2, "NVIDIA B")}); }

std::vector<ListedDevice> found(std::string_view text, const GpuAccess& access = three()) {
  return list_devices(parse_device_list(text).value(), access);
}

std::string refusal(std::string_view text, const GpuAccess& access = three()) {
  try {
    return "found " + std::to_string(found(text, access).size());
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::vector<std::string> names(const std::vector<ListedDevice>& devices) {
  std::vector<std::string> texts;
  for (const ListedDevice& device : devices) texts.push_back(name_of(device));
  return texts;
}

TEST(ListedDevices, AreAllGpusOrThoseThatAreNamed) {
  EXPECT_THAT(names(found("all")), ElementsAre("cuda:0", "cuda:1", "cuda:2"));
  EXPECT_THAT(names(found("cuda:2,0")), ElementsAre("cuda:2", "cuda:0"));
  EXPECT_THAT(names(found("cuda:0," + gpu(2, "").uuid)), ElementsAre("cuda:0", "cuda:2"));
}

TEST(ListedDevices, ThatAreNotHereAreTold) {
  EXPECT_THAT(refusal("cuda:0,7"), HasSubstr("--device: 'cuda:7' is not here; there are cpu, "));
  EXPECT_EQ(refusal("cuda:2," + gpu(2, "").uuid),
            "--device: 'cuda:2," + gpu(2, "").uuid + "' names cuda:2 twice; each device once");
  const GpuAccess none{.built = true, .list = []() -> std::vector<DeviceId> {
                         throw std::runtime_error("the driver is too old");
                       }};
  EXPECT_EQ(refusal("all", none),
            "--device: 'all' means all GPUs, and there is none: the driver is too old");
}

TEST(ListedDevices, OfOneKindMayShareCases) {
  EXPECT_NO_THROW(require_alike(found("cuda:0,1")));
  EXPECT_THAT(kinds_of(found("all")), ElementsAre(0, 0, 1));
  try {
    require_alike(found("all"));
    ADD_FAILURE() << "they differ";
  } catch (const UsageError& error) {
    EXPECT_EQ(std::string(error.what()),
              "--spread: 'split' needs devices that are alike, and cuda:0 is NVIDIA A, cuda:2 is "
              "NVIDIA B; --spread replicate measures every case on each");
  }
}

}  // namespace
}  // namespace twofour::app
