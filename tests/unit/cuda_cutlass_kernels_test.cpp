// The contract's names for CUTLASS kernels, and which problems they take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "cuda_cutlass_list.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/kernel_names.h"
#include "providers/cutlass/operation.h"
#include "providers/gpu_fit/fit.h"

namespace twofour::providers::cutlass {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

GemmProblem problem_of(DataType type, Sparsity sparsity, const GemmShape& shape) {
  return {.shape = shape, .a = type, .b = type, .d = DataType::kBf16, .sparsity = sparsity};
}

std::vector<std::string> names(bool default_only) {
  std::vector<std::string> names;
  for (const KernelInfo& info : kernel_infos(listed_kernels())) {
    if (info.by_default || !default_only) names.push_back(info.name);
  }
  return names;
}

TEST(CutlassKernels, HaveTheNamesOfSparseBenchmarks) {
  EXPECT_THAT(names(true), IsSupersetOf({
                               "cutlass_i8_i8_bf16_scaled_mm",
                               "cutlass_i8_i8_bf16_scaled_mm_bias",
                               "cutlass_i8_i8_bf16_scaled_sparse_mm",
                               "cutlass_i8_i8_bf16_scaled_sparse_mm_bias",
                               "cutlass_fp8_fp8_bf16_scaled_mm",
                               "cutlass_fp8_fp8_bf16_scaled_sparse_mm",
                               "cutlass_fp8_fp8_bf16_scaled_sparse_mm_bias",
                               "cutlass_fp8_fp8_fp16_scaled_sparse_mm",
                               "cutlass_fp8_fp8_fp16_scaled_sparse_mm_bias",
                           }));
}

TEST(CutlassKernels, HaveNamesOfTheirOwn) {
  const auto all = names(false);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST(CutlassKernels, HaveADenseTwinForEverySparseOneThatRuns) {
  const auto infos = kernel_infos(listed_kernels());
  for (const KernelInfo& sparse : infos) {
    if (sparse.sparsity != Sparsity::kTwoFour || !sparse.by_default) continue;
    EXPECT_TRUE(std::any_of(infos.begin(), infos.end(), [&](const KernelInfo& dense) {
      return dense.sparsity == Sparsity::kDense && dense.by_default &&
             std::tuple(dense.a, dense.d, dense.bias, dense.accumulation) ==
                 std::tuple(sparse.a, sparse.d, sparse.bias, sparse.accumulation);
    })) << sparse.name;
  }
}

TEST(CutlassKernels, WithFixedTilesRunOnlyWhenNamed) {
  EXPECT_THAT(names(false), IsSupersetOf({"cutlass_i8_i8_bf16_scaled_sparse_mm_fixed_tiles",
                                          "cutlass_fp8_fp8_bf16_scaled_sparse_mm_fixed_tiles",
                                          "cutlass_fp8_fp8_fp16_scaled_sparse_mm_fixed_tiles"}));
  for (const std::string& name : names(true)) EXPECT_FALSE(is_fixed(name)) << name;
  EXPECT_TRUE(is_fixed("cutlass_i8_i8_bf16_scaled_sparse_mm_bias_fixed_tiles"));
}

TEST(CutlassKernels, PadWhatTmaDoesNotTake) {
  const auto given = [](DataType type, Sparsity sparsity, const GemmShape& shape) {
    const GemmProblem asked = problem_of(type, sparsity, shape);
    return fit_to(asked, side_units(asked)).given.shape;
  };
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    EXPECT_EQ(given(DataType::kInt8, sparsity, {.m = 7, .n = 4100, .k = 1848}),
              (GemmShape{.m = 7, .n = 4104, .k = 1856}));
    // Rows of activations are aligned; those of compressed weights are padded when packed.
    EXPECT_EQ(given(DataType::kFp8E4m3, sparsity, {.m = 7, .n = 1000, .k = 3696}),
              (GemmShape{.m = 7, .n = 1000, .k = 3696}));
    EXPECT_EQ(given(DataType::kBf16, sparsity, {.m = 7, .n = 1000, .k = 1848}),
              (GemmShape{.m = 7, .n = 1000, .k = 1848}));
  }
  EXPECT_EQ(given(DataType::kFp8E4m3, Sparsity::kSixEight, {.m = 7, .n = 1000, .k = 1848}),
            (GemmShape{.m = 7, .n = 1000, .k = 2784}));
}

TEST(CutlassKernels, SayWhatTheyExecute) {
  const Architecture& row = architectures().front();
  const auto executed = [&](Sparsity sparsity, DataType type) {
    const GemmProblem problem = problem_of(type, sparsity, {.m = 7, .n = 1000, .k = 3696});
    return CutlassOperation(row, {}, problem, "", false).executed();
  };
  EXPECT_EQ(executed(Sparsity::kTwoFour, DataType::kFp8E4m3),
            (GemmShape{.m = 7, .n = 1000, .k = 3712}));
  EXPECT_EQ(executed(Sparsity::kDense, DataType::kFp8E4m3),
            (GemmShape{.m = 7, .n = 1000, .k = 3696}));
  EXPECT_EQ(executed(Sparsity::kTwoFour, DataType::kBf16),
            (GemmShape{.m = 7, .n = 1000, .k = 3696}));
}

TEST(CutlassKernels, CountThePaddingOfPackedWeights) {
  const Architecture& row = architectures().front();
  const auto bytes = [&](std::int64_t k) {
    return weight_layout(
               row, problem_of(DataType::kFp8E4m3, Sparsity::kTwoFour, {.m = 7, .n = 1000, .k = k}))
        .bytes;
  };
  EXPECT_EQ(bytes(3696), bytes(3712));
  EXPECT_EQ(row.values_bytes(1000, 3696, DataType::kFp8E4m3), 1000U * 3712 / 2);
}

TEST(CutlassKernels, AreNotThereInEveryBuild) {
  const Architecture& row = architectures().front();
  const GemmShape small{.m = 1, .n = 8, .k = 32};
  EXPECT_TRUE(support_of(row, listed_kernels(),
                         problem_of(DataType::kInt8, Sparsity::kDense, small), false));
  EXPECT_FALSE(support_of(row, {}, problem_of(DataType::kInt8, Sparsity::kDense, small), false));
  EXPECT_FALSE(support_of(row, {}, problem_of(DataType::kInt8, Sparsity::kTwoFour, small), true));
}

TEST(CutlassArchitectures, HaveOneRowForEachOnTheList) {
  std::set<GpuArchitecture> rows;
  for (const Architecture& row : architectures()) {
    EXPECT_TRUE(rows.insert(row.architecture).second) << info(row.architecture).folder;
    EXPECT_FALSE(kernels_for(row.architecture, listed_kernels()).empty())
        << info(row.architecture).folder;
  }
  for (const Kernel* kernel : listed_kernels()) {
    EXPECT_TRUE(rows.contains(kernel->traits().architecture)) << to_string(kernel->traits());
  }
}

TEST(CutlassArchitectures, HaveTheirOwnKernelsAlone) {
  constexpr auto kOther = static_cast<GpuArchitecture>(kGpuArchitectures.size());
  const std::array<ListedKernel, 3> compiled{ListedKernel({.tile_m = 64}),
                                             ListedKernel({.architecture = kOther, .tile_m = 64}),
                                             ListedKernel({.tile_m = 128})};
  const std::vector<const Kernel*> all{&compiled[0], &compiled[1], &compiled[2]};
  EXPECT_THAT(kernels_for(GpuArchitecture::kSm90, all), ElementsAre(all[0], all[2]));
  EXPECT_THAT(kernels_for(kOther, all), ElementsAre(all[1]));
  EXPECT_THAT(kernels_for(kOther, listed_kernels()), IsEmpty());
}

// What this build has compiled, whichever that is.
TEST(CompiledCutlassKernels, TakeEveryShapeThatIsNotRefusedByName) {
  ASSERT_FALSE(kernels().empty());
  for (const Kernel* kernel : kernels()) {
    const KernelTraits& traits = kernel->traits();
    for (const GemmShape& shape :
         {GemmShape{.m = 1, .n = 8, .k = 32}, GemmShape{.m = 17, .n = 96, .k = 352},
          GemmShape{.m = 33, .n = 1000, .k = 3696}, GemmShape{.m = 5, .n = 16, .k = 16},
          GemmShape{.m = 4096, .n = 57344, .k = 8192}}) {
      EXPECT_TRUE(kernel->can_implement(shape)) << to_string(traits) << " " << mkn(shape);
    }
    EXPECT_FALSE(kernel->can_implement({.m = 16, .n = 64, .k = 36})) << to_string(traits);
    EXPECT_FALSE(kernel->can_implement({.m = 16, .n = 33, .k = 128})) << to_string(traits);
  }
}

TEST(CompiledCutlassKernels, AreOnTheListOnce) {
  const auto identity = [](const KernelTraits& traits) {
    return std::tuple(traits.architecture, to_string(traits), traits.a, traits.d, traits.sparsity);
  };
  std::set<decltype(identity({}))> listed;
  for (const Kernel* kernel : listed_kernels()) {
    const KernelTraits& traits = kernel->traits();
    EXPECT_TRUE(listed.insert(identity(traits)).second) << to_string(traits);
  }
  std::size_t found = 0;
  for (const Kernel* kernel : kernels()) {
    found += listed.count(identity(kernel->traits()));
  }
  EXPECT_EQ(found, kernels().size());
}

}  // namespace
}  // namespace twofour::providers::cutlass
