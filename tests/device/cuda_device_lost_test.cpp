// A sticky error is told apart from one that passes, and a search says whose it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "gpu_fixture.h"
#include "providers/gpu_search/gpu_search.h"
#include "test_kernels.h"

namespace twofour::device {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

/// Writes down what a search says.
class Log final : public providers::SearchObserver {
 public:
  void trying(const std::string& algorithm, std::function<void()> /*never_again*/) override {
    if (tried_.empty() || tried_.back() != algorithm) tried_.push_back(algorithm);
  }
  void tried() override {}
  void left_out(const std::string& algorithm) override { left_out_.push_back(algorithm); }
  [[nodiscard]] const std::vector<std::string>& all_tried() const { return tried_; }
  [[nodiscard]] const std::vector<std::string>& all_left_out() const { return left_out_; }

 private:
  std::vector<std::string> tried_;
  std::vector<std::string> left_out_;
};

using CudaDeviceLostTest = twofour::testing::GpuTest;

// One test: no other can use the GPU in this process.
TEST_F(CudaDeviceLostTest, AnIllegalAddressInASearchLosesTheDeviceToAnAlgorithm) {
  const cudaStream_t stream = stream_of(device());
  const Buffer counter = device().memory().allocate(sizeof(std::uint32_t));
  const auto count = [&](providers::WeightCopy /*weights*/) {
    twofour::testing::count_launch(static_cast<std::uint32_t*>(counter.data()), stream);
  };
  const auto fault = [&](providers::WeightCopy /*weights*/) {
    twofour::testing::write_out_of_bounds(stream);
  };
  const std::vector<providers::LaunchCandidate> candidates{{.name = "known", .launch = fault},
                                                           {.name = "fine", .launch = count},
                                                           {.name = "bad", .launch = fault}};
  const auto subject = providers::search_subject(device(), "library 1", "kernel", {}, {});
  providers::TuningFile file{std::filesystem::path{}};
  file.keep_lost({.gpu = subject.key.gpu, .family = subject.family, .algorithm = "known"});
  Log log;
  const std::vector<providers::WeightCopy> copies(1);
  const providers::PlanArgs args{.device = device(),
                                 .budget = std::chrono::duration<double>(0.1),
                                 .cache = {},
                                 .copies = copies,
                                 .observer = &log};
  try {
    providers::choose_launch(candidates, args, subject, file);
    ADD_FAILURE() << "the search went on";
  } catch (const DeviceLost& error) {
    EXPECT_EQ(error.algorithm(), "bad");
    EXPECT_THAT(error.what(), StartsWith("bad: "));
  }
  EXPECT_THAT(log.all_left_out(), ElementsAre("known"));
  EXPECT_THAT(log.all_tried(), ElementsAre("fine", "bad"));
  EXPECT_THAT(file.lost(subject.key.gpu, subject.family), ElementsAre("bad", "known"));
  EXPECT_THROW(device().memory().synchronize(), DeviceLost);
  EXPECT_THROW(device().memory().allocate(1024), DeviceLost);
}

}  // namespace
}  // namespace twofour::device
