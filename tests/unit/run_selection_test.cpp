#include "run/selection.h"

#include <optional>
#include <regex>
#include <stdexcept>
#include <vector>

#include "run/selection_errors.h"
#include "run_fixture.h"

namespace twofour::run {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

class SelectionTest : public RunTest {
 protected:
  std::vector<std::string> names(DataType dtype, const std::optional<std::regex>& pattern = {}) {
    std::vector<std::string> result;
    for (const SelectedKernel& kernel : select_kernels(instances, dtype, pattern)) {
      result.push_back(kernel.kernel.name);
    }
    return result;
  }
};

TEST_F(SelectionTest, TakesTheTypeAndItsSixteenBitBaselines) {
  run({sparse_kernel("sparse", 1e-3), dense_kernel("dense", 1e-3), bf16_kernel("bf16", 1e-3)});
  EXPECT_THAT(names(DataType::kInt8), ElementsAre("bf16", "dense", "sparse"));
  EXPECT_THAT(names(DataType::kBf16), ElementsAre("bf16"));
  EXPECT_THAT(names(DataType::kFp16), ElementsAre());
}

TEST_F(SelectionTest, OnACpuOneSixteenBitBaselineIsEnoughUnlessAskedFor) {
  testing::FakeKernel fp16 = bf16_kernel("fp16", 1e-3);
  fp16.info.a = DataType::kFp16;
  fp16.info.b = DataType::kFp16;
  run({dense_kernel("dense", 1e-3), fp16});
  EXPECT_THAT(names(DataType::kInt8), ElementsAre("dense"));
  EXPECT_THAT(names(DataType::kInt8, std::regex("fp16|dense")), ElementsAre("fp16", "dense"));
  EXPECT_THAT(names(DataType::kFp16), ElementsAre("fp16"));
  instances.front().row.device_kind = DeviceKind::kCuda;
  EXPECT_THAT(names(DataType::kInt8), ElementsAre("fp16", "dense"));
}

TEST_F(SelectionTest, APatternAlsoTakesWhatIsNotRunByDefault) {
  testing::FakeKernel rare = sparse_kernel("rare", 1e-3);
  rare.info.by_default = false;
  run({dense_kernel("dense", 1e-3), rare});
  EXPECT_THAT(names(DataType::kInt8), ElementsAre("dense"));
  EXPECT_THAT(names(DataType::kInt8, std::regex("^ra")), ElementsAre("rare"));
}

TEST_F(SelectionTest, AnUnknownProviderIsNamedWithThoseThereAre) {
  const std::vector<std::string> wrong{"nobody"};
  try {
    start_providers(testing::any_cpu(), wrong);
    FAIL() << "accepted";
  } catch (const UnknownProvider& error) {
    EXPECT_EQ(error.name, "nobody");
    EXPECT_THAT(error.known_names, Contains("cpu"));
    EXPECT_THAT(error.known_names, Contains("mock"));
  }
}

TEST_F(SelectionTest, AProviderOfAnotherKindOfDeviceIsNamedWithBothKinds) {
  const std::vector<std::string> wrong{"cutlass"};
  try {
    start_providers(testing::any_cpu(), wrong);
    FAIL() << "accepted";
  } catch (const WrongDevice& error) {
    EXPECT_EQ(error.name, "cutlass");
    EXPECT_EQ(error.provider_kind, DeviceKind::kCuda);
    EXPECT_EQ(error.run_kind, DeviceKind::kCpu);
  }
}

TEST(ProblemFor, GivesScalesOnlyToKernelsThatScale) {
  providers::KernelInfo kernel;
  const ScaleScheme scales{ScaleGranularity::kVector, ScaleGranularity::kTensor};
  EXPECT_EQ(problem_for(kernel, {1, 2, 3}, scales, Sparsity::kTwoFour).scales, scales);
  kernel.scaled = false;
  EXPECT_EQ(problem_for(kernel, {1, 2, 3}, scales, Sparsity::kTwoFour).scales.a,
            ScaleGranularity::kNone);
}

}  // namespace
}  // namespace twofour::run
