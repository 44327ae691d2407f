// --dry-run asks providers as often as it must, and says where it did not.
#include "app/dry_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_device.h"
#include "support/fake_provider.h"

namespace twofour::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

testing::FakeKernel kernel(std::string name, bool guesses) {
  testing::FakeKernel fake;
  fake.info.name = std::move(name);
  fake.guesses = guesses;
  return fake;
}

class DryRunTest : public ::testing::Test {
 protected:
  DryRunTest() {
    std::vector<testing::FakeKernel> kernels{kernel("slow_to_tell", true), kernel("quick", false)};
    auto provider = std::make_unique<testing::FakeProvider>(std::move(kernels), device_);
    provider_ = provider.get();
    // A session destroys a device::Device, and a FakeDevice is more than that.
    testing::FakeDevice another;
    session_.devices.push_back(
        std::make_unique<device::Device>(static_cast<device::Device&&>(another)));
    session_.providers.push_back({.row = {.name = "fake", .device_kind = DeviceKind::kCpu}});
    session_.providers.back().provider = std::move(provider);
    session_.config.mode = BenchMode::kSquare;
    session_.config.dtype = DataType::kInt8;
    session_.config.repro_line = [](const workload::Case& c) { return mkn(c.shape); };
    session_.kernels = run::select_kernels(session_.providers, DataType::kInt8, {});
  }

  DryRun plan(int count) {
    std::vector<workload::Case> cases(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      cases[static_cast<std::size_t>(i)].index = i;
      cases[static_cast<std::size_t>(i)].shape = {.m = 1 + i, .n = 64, .k = 64};
    }
    std::vector<int> own(cases.size());
    std::iota(own.begin(), own.end(), 0);
    return dry_run(session_, cases, own);
  }

  testing::FakeDevice device_;
  Session session_;
  testing::FakeProvider* provider_ = nullptr;
};

TEST_F(DryRunTest, AsksForEachOfFewCases) {
  const DryRun few = plan(2000);
  EXPECT_TRUE(few.anything_runs);
  EXPECT_FALSE(few.anything_guessed);
  EXPECT_EQ(provider_->calls("slow_to_tell").asked, 2 * 2000);
  EXPECT_EQ(provider_->calls("slow_to_tell").guessed, 0);
  EXPECT_THAT(few.text, Not(HasSubstr("about")));
}

TEST_F(DryRunTest, OfManyCasesAKernelThatIsSlowToTellIsGuessedAndThatIsSaid) {
  const DryRun many = plan(2001);
  EXPECT_TRUE(many.anything_runs);
  EXPECT_TRUE(many.anything_guessed);
  EXPECT_EQ(provider_->calls("slow_to_tell").asked, 0);
  EXPECT_EQ(provider_->calls("slow_to_tell").guessed, 2001);
  EXPECT_EQ(provider_->calls("quick").asked, 2 * 2001) << "it has no guess";
  EXPECT_THAT(many.text, HasSubstr(", about\n"));
  EXPECT_THAT(many.text, HasSubstr("about: of more than 2000 cases"));
}

}  // namespace
}  // namespace twofour::app
