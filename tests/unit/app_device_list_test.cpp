// Which devices a list means, and which of them may share the cases of a run.
#include "app/device_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"

namespace twofour::app {
namespace {

using ::testing::AllOf;
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

/// Processors 0, 1 and 2 of a made-up host, a core each.
class ListedProcessors : public ::testing::Test {
 protected:
  ListedProcessors() {
    for (const char* const number : {"0", "1", "2"}) {
      const std::filesystem::path topology =
          root_ / "sys/devices/system/cpu" / (std::string("cpu") + number) / "topology";
      std::filesystem::create_directories(topology);
      std::ofstream(topology / "core_id") << number << "\n";
      std::ofstream(topology / "physical_package_id") << "0\n";
      std::ofstream(topology / "thread_siblings_list") << number << "\n";
      std::ofstream(topology / "core_cpus_list") << number << "\n";
    }
  }
  ~ListedProcessors() override { std::filesystem::remove_all(root_); }
  ListedProcessors(const ListedProcessors&) = delete;
  ListedProcessors& operator=(const ListedProcessors&) = delete;

  [[nodiscard]] std::vector<ListedDevice> processors(std::string_view text) const {
    return list_devices(parse_device_list(text).value(), three(),
                        {.files = device::cpu::HostFiles(root_.string()), .allowed = {0, 1, 2}});
  }

  std::filesystem::path root_ = std::filesystem::path(::testing::TempDir()) /
                                ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ListedProcessors, OfDifferentNumbersAreNotSplit) {
  EXPECT_NO_THROW(require_alike(processors("cpu:0+1")));
  EXPECT_THAT(kinds_of(processors("cpu:0+1-2")), ElementsAre(0, 1));
  try {
    require_alike(processors("cpu:0+1-2"));
    ADD_FAILURE() << "they differ";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("--spread: 'split' needs devices that are alike"),
                      HasSubstr("cpu:0 is "), HasSubstr(", 1 processor of 1 core"),
                      HasSubstr("cpu:1-2 is "), HasSubstr(", 2 processors of 2 cores"),
                      HasSubstr("--spread replicate measures every case on each")));
  }
}

}  // namespace
}  // namespace twofour::app
