// A sticky error is told apart from one that passes, and a search says whose it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "gpu_fixture.h"
#include "providers/gpu_search/gpu_search.h"
#include "test_kernels.h"

namespace twofour::device {
namespace {

using ::testing::ElementsAre;

/// Writes down what a search says.
class Log final : public providers::SearchLog {
 public:
  explicit Log(providers::TuningFile& file) : file_(file) {}
  std::vector<std::string> avoid(const providers::SearchScope& scope) override {
    return file_.avoided(scope);
  }
  void trying(const std::string& algorithm, const providers::SearchScope& /*scope*/) override {
    if (tried_.empty() || tried_.back() != algorithm) tried_.push_back(algorithm);
    in_hand_ = algorithm;
  }
  void tried() override { in_hand_.clear(); }
  [[nodiscard]] const std::vector<std::string>& all_tried() const { return tried_; }
  [[nodiscard]] const std::string& in_hand() const { return in_hand_; }

 private:
  providers::TuningFile& file_;
  std::vector<std::string> tried_;
  std::string in_hand_;
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
  file.keep_avoided({.scope = subject.scope(), .algorithm = "known"});
  Log log(file);
  const std::vector<providers::WeightCopy> copies(1);
  const providers::PlanArgs args{.device = device(),
                                 .budget = std::chrono::duration<double>(0.1),
                                 .cache = {},
                                 .copies = copies,
                                 .log = &log};
  EXPECT_THROW(providers::choose_launch(candidates, args, subject, file), DeviceLost);
  EXPECT_EQ(log.in_hand(), "bad");
  EXPECT_THAT(log.all_tried(), ElementsAre("fine", "bad"));
  EXPECT_THROW(device().memory().synchronize(), DeviceLost);
  EXPECT_THROW(device().memory().allocate(1024), DeviceLost);
}

}  // namespace
}  // namespace twofour::device
