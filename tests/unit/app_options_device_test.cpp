// --device: what a value means, and which GPU of a list it chooses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/command.h"
#include "app/options_device.h"

namespace twofour::app {
namespace {

const std::string kFirst = "GPU-00000000-1111-2222-3333-444444444444";
const std::string kSecond = "GPU-8c5f0001-2345-6789-abcd-effedcba9876";

std::vector<DeviceId> two_gpus() {
  return {{.kind = DeviceKind::kCuda, .ordinal = 0, .name = "NVIDIA A", .uuid = kFirst},
          {.kind = DeviceKind::kCuda, .ordinal = 1, .name = "NVIDIA B", .uuid = kSecond}};
}

DeviceChoice parsed(std::string_view text) { return parse_device_choice(text).value(); }

std::string refusal(std::string_view text, const std::vector<DeviceId>& gpus) {
  try {
    return "found " + choose_gpu(parsed(text), gpus).name;
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(DeviceChoice, IsWrittenAsItIsRead) {
  const std::vector<std::string> texts{"auto", "cpu",    "cpu:node1", "cpu:0-7,16-23",
                                       "cuda", "cuda:0", "cuda:3",    "cuda:" + kSecond};
  for (const std::string& text : texts) {
    EXPECT_EQ(to_string(parsed(text)), text);
  }
  EXPECT_NE(parsed("cuda:0"), parsed("cuda"));
  EXPECT_EQ(parsed("cuda:" + kSecond).uuid, kSecond);
  EXPECT_EQ(to_string(parsed("cpu:16-17,1,0")), "cpu:0-1,16-17");
  EXPECT_EQ(parsed("cpu:node1").node, 1);
}

TEST(DeviceList, IsWrittenAsItIsRead) {
  const std::vector<std::string> texts{"all",          "cpu:all",         "cuda:0,2,3",
                                       "cpu:0-7+8-15", "cpu:node0+node1", "cuda:1," + kSecond};
  for (const std::string& text : texts) {
    const auto list = parse_device_list(text);
    ASSERT_TRUE(list) << text;
    EXPECT_EQ(to_string(*list), text);
  }
  EXPECT_EQ(parse_device_list("all")->all, DeviceList::All::kGpus);
  EXPECT_EQ(parse_device_list("cpu:all")->all, DeviceList::All::kNodes);
  const std::vector<DeviceChoice> named = parse_device_list("cpu:0-1,4+2").value().named;
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].cpus, (std::vector<int>{0, 1, 4}));
  EXPECT_EQ(named[1].cpus, std::vector<int>{2});
}

TEST(DeviceList, IsNoOneDevice) {
  for (const std::string text :
       {"auto", "cpu", "cpu:0-7,9", "cpu:node0", "cuda", "cuda:3", "cuda:0,", "cuda:0,x", "cpu:0+",
        "+", "cpu:0+all", "cuda:0+1", ""}) {
    EXPECT_FALSE(parse_device_list(text)) << text;
  }
}

TEST(DeviceList, HasEachDeviceOnce) {
  for (const std::string text : {"cuda:0,1,0", "cpu:0+0", "cpu:node1+node1", "cpu:0-3+3"}) {
    EXPECT_THROW(parse_device_list(text), UsageError) << text;
  }
}

TEST(DeviceChoice, IsNothingElse) {
  const std::vector<std::string> texts{"",
                                       "gpu",
                                       "cuda:",
                                       "cuda:-1",
                                       "cuda:1024",
                                       "cuda:GPU-8c5f",
                                       "cuda:" + kSecond + "0",
                                       "cuda:" + kSecond.substr(0, 39) + "g",
                                       kSecond,
                                       "cpu:" + kSecond,
                                       "cpu:",
                                       "cpu:all",
                                       "cpu:node",
                                       "cpu:node-1",
                                       "cpu:nodes",
                                       "cpu:1,1"};
  for (const std::string& text : texts) {
    EXPECT_FALSE(parse_device_choice(text)) << text;
  }
}

TEST(DeviceChoice, OfARankIsItsOwnGpuUnlessOneIsNamed) {
  const std::vector<DeviceId> gpus = two_gpus();
  const auto chosen = [&](std::string_view text, int local_rank) {
    DeviceChoice choice = parsed(text);
    choice.local_rank = local_rank;
    return choose_gpu(choice, gpus).name;
  };
  EXPECT_EQ(chosen("cuda", 0), "NVIDIA A");
  EXPECT_EQ(chosen("cuda", 1), "NVIDIA B");
  EXPECT_EQ(chosen("cuda", 2), "NVIDIA A");
  EXPECT_EQ(chosen("cuda:0", 1), "NVIDIA A");
  EXPECT_EQ(chosen("cuda:" + kFirst, 1), "NVIDIA A");
  DeviceChoice any;
  any.local_rank = 3;
  EXPECT_THAT(gpu_order(any, 2), ::testing::ElementsAre(1, 0));
  EXPECT_THAT(gpu_order(parsed("auto"), 2), ::testing::ElementsAre(0, 1));
}

TEST(DeviceChoice, FindsAGpuByOrdinalOrUuid) {
  const std::vector<DeviceId> gpus = two_gpus();
  EXPECT_EQ(choose_gpu(parsed("cuda"), gpus).name, "NVIDIA A");
  EXPECT_EQ(choose_gpu(parsed("cuda:1"), gpus).name, "NVIDIA B");
  EXPECT_EQ(choose_gpu(parsed("cuda:" + kSecond), gpus).name, "NVIDIA B");
}

TEST(DeviceChoice, FindsTheSameGpuAgainWhereverItIs) {
  std::vector<DeviceId> gpus = two_gpus();
  const DeviceChoice choice = choice_of(gpus[1]);
  EXPECT_EQ(to_string(choice), "cuda:" + kSecond);
  gpus.erase(gpus.begin());
  gpus[0].ordinal = 0;
  EXPECT_EQ(choose_gpu(choice, gpus).name, "NVIDIA B");
}

TEST(DeviceChoice, OfACpuIsTheCpu) {
  EXPECT_EQ(to_string(choice_of({.kind = DeviceKind::kCpu, .name = "a CPU"})), "cpu");
}

TEST(DeviceChoice, AnUnknownGpuIsAnsweredWithThoseThereAre) {
  const std::string there = "' is not here; there are cpu, cuda:0 (cuda:" + kFirst +
                            ", NVIDIA A), cuda:1 (cuda:" + kSecond + ", NVIDIA B)";
  const std::string nobody = "cuda:GPU-00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(refusal(nobody, two_gpus()), "--device: '" + nobody + there);
  EXPECT_EQ(refusal("cuda:2", two_gpus()), "--device: 'cuda:2" + there);
}

}  // namespace
}  // namespace twofour::app
