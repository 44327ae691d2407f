// What the providers of NVIDIA's and PyTorch's libraries decide without a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/problem.h"
#include "providers/cublaslt/rules.h"
#include "providers/cusparselt/rules.h"
#include "providers/gpu_fit/fit.h"
#include "providers/torch/library.h"
#include "providers/torch/rules.h"

namespace twofour::providers {
namespace {

using ::testing::HasSubstr;

constexpr int kHopper = 90;
constexpr int kAmpere = 80;

GemmProblem problem(DataType type, const char* scales, const GemmShape& shape = {64, 256, 512}) {
  return {.shape = shape,
          .a = type,
          .b = type,
          .d = DataType::kBf16,
          .scales = parse_scale_scheme(scales).value()};
}

GemmProblem sparse(DataType type, const char* scales, const GemmShape& shape = {64, 256, 512}) {
  GemmProblem made = problem(type, scales, shape);
  made.sparsity = Sparsity::kTwoFour;
  return made;
}

std::vector<std::string> names(const std::vector<KernelInfo>& kernels) {
  std::vector<std::string> names;
  for (const KernelInfo& kernel : kernels) names.push_back(kernel.name);
  return names;
}

TEST(CublasLtRules, ScaleWhereTheLibraryCan) {
  using cublaslt::Scaling;
  using cublaslt::scaling_of;
  for (const char* vectors : {"token", "token-channel"}) {
    const GemmProblem fp8 = problem(DataType::kFp8E4m3, vectors);
    EXPECT_EQ(scaling_of(fp8, true), Scaling::kVectors);
    EXPECT_EQ(scaling_of(fp8, false),
              Scaling::kSeparateKernel);  // before CUDA 12.9, or on a GPU that has none
  }
  for (const bool takes_vectors : {false, true}) {
    const auto of = [&](DataType type, const char* scales) {
      return scaling_of(problem(type, scales), takes_vectors);
    };
    EXPECT_EQ(of(DataType::kFp8E4m3, "tensor"), Scaling::kScalars);
    EXPECT_EQ(of(DataType::kBf16, "none"), Scaling::kNone);
    EXPECT_EQ(of(DataType::kBf16, "tensor"), Scaling::kAlpha);
    EXPECT_EQ(of(DataType::kFp16, "channel"), Scaling::kSeparateKernel);
    EXPECT_EQ(of(DataType::kInt8, "tensor"), Scaling::kSeparateKernel);
  }
}

TEST(CublasLtRules, CountTheSumsThatAreLeft) {
  const auto of = [](DataType type, const char* scales, bool takes_vectors) {
    const GemmProblem asked = problem(type, scales);
    return cublaslt::sum_bytes(asked, cublaslt::scaling_of(asked, takes_vectors));
  };
  EXPECT_EQ(of(DataType::kFp8E4m3, "tensor", true), 0U);
  EXPECT_EQ(of(DataType::kFp8E4m3, "token", true), 0U);
  EXPECT_EQ(of(DataType::kFp8E4m3, "token", false), 64U * 256 * 4);
  EXPECT_EQ(of(DataType::kInt8, "tensor", true), 64U * 256 * 4);
  EXPECT_EQ(of(DataType::kBf16, "token", true), 64U * 256 * 4);
}

/// The shape that a library of these rules is given.
template <class Units>
GemmShape given(const GemmProblem& asked, Units units) {
  return fit_to(asked, units(asked)).given.shape;
}

TEST(CublasLtRules, PadWhatTheLibraryDoesNotTake) {
  EXPECT_TRUE(cublaslt::rules_allow(problem(DataType::kFp8E4m3, "tensor")));
  EXPECT_FALSE(cublaslt::rules_allow(sparse(DataType::kInt8, "tensor")));
  const auto of = [](DataType type, const GemmShape& shape) {
    return given(problem(type, "tensor", shape), cublaslt::side_units);
  };
  EXPECT_EQ(of(DataType::kFp8E4m3, {7, 4100, 1848}), (GemmShape{7, 4104, 1856}));
  EXPECT_EQ(of(DataType::kFp8E4m3, {7, 1000, 3696}), (GemmShape{7, 1000, 3696}));
  EXPECT_EQ(of(DataType::kInt8, {7, 4100, 1848}), (GemmShape{7, 4100, 1848}));
  EXPECT_EQ(of(DataType::kInt8, {7, 257, 1850}), (GemmShape{7, 272, 1856}));
  EXPECT_EQ(of(DataType::kBf16, {3, 5, 7}), (GemmShape{3, 5, 7}));
}

TEST(CusparseLtRules, NameWhatIsNotAllowed) {
  EXPECT_TRUE(cusparselt::rules_allow(sparse(DataType::kFp8E4m3, "tensor")));
  EXPECT_TRUE(cusparselt::rules_allow(sparse(DataType::kInt8, "channel")));
  EXPECT_THAT(cusparselt::rules_allow(sparse(DataType::kInt8, "token")).reason,
              ::testing::Optional(HasSubstr("per-token")));
  EXPECT_THAT(cusparselt::rules_allow(sparse(DataType::kFp8E4m3, "channel")).reason,
              ::testing::Optional(HasSubstr("int8 operands only")));
  EXPECT_FALSE(cusparselt::rules_allow(problem(DataType::kInt8, "tensor")));
}

TEST(CusparseLtRules, PadWeightsToWhatTheLibraryCompresses) {
  const auto of = [](DataType type, const GemmShape& shape) {
    return given(sparse(type, "tensor", shape), cusparselt::side_units);
  };
  EXPECT_EQ(of(DataType::kInt8, {33, 4100, 1848}), (GemmShape{33, 4128, 1856}));
  EXPECT_EQ(of(DataType::kFp8E4m3, {33, 1000, 3696}), (GemmShape{33, 1024, 3712}));
  EXPECT_EQ(of(DataType::kBf16, {33, 4100, 1848}), (GemmShape{33, 4112, 1856}));
  EXPECT_EQ(of(DataType::kBf16, {33, 48, 3696}), (GemmShape{33, 48, 3696}));
  GemmProblem six_eight = sparse(DataType::kFp8E4m3, "tensor", {33, 4096, 1848});
  six_eight.sparsity = Sparsity::kSixEight;
  EXPECT_EQ(given(six_eight, cusparselt::side_units), (GemmShape{33, 4096, 2784}));
}

TEST(CusparseLtRules, LeaveFp16WithTheDefaultAlgorithm) {
  EXPECT_TRUE(cusparselt::may_search(sparse(DataType::kFp8E4m3, "tensor")));
  EXPECT_TRUE(cusparselt::may_search(sparse(DataType::kBf16, "tensor")));
  EXPECT_FALSE(cusparselt::may_search(sparse(DataType::kFp16, "tensor")));
}

// D has room for what the library writes.
TEST(CusparseLtRules, PadNoMoreRowsThanThereIsRoomFor) {
  for (const DataType type : {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16}) {
    for (std::int64_t m = 1; m < 70; ++m) {
      const std::int64_t rows = cusparselt::padded_rows(m, type);
      EXPECT_GE(rows, m);
      EXPECT_EQ(bytes_of(type, rows) % 16, 0U);
      EXPECT_LE(rows, output_rows(m));
    }
  }
}

GemmProblem batch_of(GemmProblem problem) {
  problem.batch = 7;
  return problem;
}

// What the manuals do not tell of scales in a batch is left to a kernel of ours, or refused.
TEST(LibraryRules, OfBatchesScalesAreThoseThatAllGemmsShare) {
  const GemmProblem fp8 = batch_of(problem(DataType::kFp8E4m3, "token-channel"));
  EXPECT_EQ(cublaslt::scaling_of(fp8, true), cublaslt::Scaling::kSeparateKernel);
  EXPECT_EQ(cublaslt::sum_bytes(fp8, cublaslt::Scaling::kSeparateKernel), 7U * 64 * 256 * 4);
  EXPECT_EQ(cublaslt::scaling_of(batch_of(problem(DataType::kFp8E4m3, "tensor")), true),
            cublaslt::Scaling::kScalars);
  EXPECT_TRUE(cusparselt::rules_allow(batch_of(sparse(DataType::kInt8, "tensor"))));
  EXPECT_THAT(cusparselt::rules_allow(batch_of(sparse(DataType::kInt8, "channel"))).reason,
              ::testing::Optional(HasSubstr("does not document")));
}

TEST(LibraryRules, OfBatchesEachGemmHasActivationsOfItsOwn) {
  EXPECT_EQ(cublaslt::activation_bytes(problem(DataType::kInt8, "tensor")), 0U);
  EXPECT_EQ(cublaslt::activation_bytes(batch_of(problem(DataType::kInt8, "tensor"))),
            7U * 64 * 512);
  const GemmProblem few = sparse(DataType::kInt8, "tensor", {.m = 3, .n = 256, .k = 512});
  EXPECT_EQ(cusparselt::activation_bytes(few), 16U * 512) << "padded";
  EXPECT_EQ(cusparselt::activation_bytes(batch_of(few)), 7U * 16 * 512);
  EXPECT_EQ(cusparselt::activation_bytes(sparse(DataType::kInt8, "tensor")), 0U);
}

TEST(KernelLists, HaveABatchedTwinOfEveryScaledKernelWithoutBias) {
  for (const auto& list : {cublaslt::list_kernels, cusparselt::list_kernels}) {
    const auto kernels = list(kHopper);
    for (const KernelInfo& kernel : kernels) {
      if (kernel.batched || !kernel.scaled) continue;
      const auto twin = std::find_if(kernels.begin(), kernels.end(), [&](const KernelInfo& one) {
        return one.name == kernel.name + "_batched";
      });
      EXPECT_EQ(twin != kernels.end(), !kernel.bias) << kernel.name;
      if (twin == kernels.end()) continue;
      EXPECT_TRUE(twin->batched);
      EXPECT_EQ(twin->by_default, kernel.by_default);
    }
  }
}

TEST(TorchRules, NameWhatIsNotAllowed) {
  EXPECT_TRUE(torch::rules_allow(problem(DataType::kFp8E4m3, "token-channel")));
  GemmProblem fp16_output = problem(DataType::kFp8E4m3, "token");
  fp16_output.d = DataType::kFp16;
  EXPECT_THAT(torch::rules_allow(fp16_output).reason,
              ::testing::Optional(HasSubstr("bf16 output only")));
}

TEST(TorchRules, PadFp8) {
  const auto of = [](DataType type) {
    return given(problem(type, "tensor", {1, 4100, 1848}), torch::side_units);
  };
  EXPECT_EQ(of(DataType::kFp8E4m3), (GemmShape{1, 4112, 1856}));
  EXPECT_EQ(of(DataType::kBf16), (GemmShape{1, 4100, 1848}));
}

// The names of vLLM's sparse_benchmarks.py.
TEST(TorchRules, ListTheKernelsOfSparseBenchmarks) {
  EXPECT_THAT(
      names(torch::list_kernels(kHopper)),
      ::testing::UnorderedElementsAre(
          "pytorch_bf16_bf16_bf16_matmul-no-scales", "pytorch_fp16_fp16_fp16_matmul-no-scales",
          "pytorch_fp8_fp8_bf16_scaled_mm", "pytorch_fp8_fp8_bf16_scaled_mm_fast_accum",
          "pytorch_fp8_fp8_fp16_scaled_mm", "pytorch_fp8_fp8_fp16_scaled_mm_fast_accum"));
  // PyTorch's default in 16 bits; what is judged so elsewhere would hide faults.
  for (const KernelInfo& kernel : torch::list_kernels(kHopper)) {
    EXPECT_EQ(kernel.accumulation == Accumulation::kOutputParts, !is_float8(kernel.a))
        << kernel.name;
  }
  for (const KernelInfo& kernel : cublaslt::list_kernels(kHopper)) {
    EXPECT_NE(kernel.accumulation, Accumulation::kOutputParts) << kernel.name;
  }
}

TEST(CublasLtRules, RoundTheProductBeforeABiasOfRaggedRows) {
  const KernelInfo kernel{.name = "k", .a = DataType::kBf16, .b = DataType::kBf16, .bias = true};
  const auto of = [&](const GemmShape& shape, const char* scales, bool bias, DataType type) {
    GemmProblem asked = problem(type, scales, shape);
    asked.bias = bias;
    return cublaslt::accumulation_of(kernel, asked, cublaslt::scaling_of(asked, true));
  };
  constexpr auto kBf16 = DataType::kBf16;
  const GemmShape ragged{7, 4100, 4104};
  EXPECT_EQ(of(ragged, "tensor", true, kBf16), Accumulation::kBiasAfterRounding);
  EXPECT_EQ(of(ragged, "tensor", true, DataType::kFp16), Accumulation::kBiasAfterRounding);
  EXPECT_EQ(of(ragged, "tensor", false, kBf16), Accumulation::kWide) << "no bias";
  EXPECT_EQ(of({1, 4100, 4104}, "tensor", true, kBf16), Accumulation::kWide) << "one row";
  EXPECT_EQ(of({7, 4096, 4104}, "tensor", true, kBf16), Accumulation::kWide) << "a multiple of 8";
  EXPECT_EQ(of(ragged, "token-channel", true, kBf16), Accumulation::kWide) << "our kernel adds it";
  EXPECT_EQ(of(ragged, "tensor", true, DataType::kInt8), Accumulation::kWide);
}

TEST(KernelLists, HaveFp8OnlyWhereTheGpuHas) {
  for (const auto& list : {cublaslt::list_kernels, cusparselt::list_kernels, torch::list_kernels}) {
    const auto has_fp8 = [](const KernelInfo& kernel) { return kernel.a == DataType::kFp8E4m3; };
    const auto ampere = list(kAmpere);
    const auto hopper = list(kHopper);
    EXPECT_TRUE(std::none_of(ampere.begin(), ampere.end(), has_fp8));
    EXPECT_TRUE(std::any_of(hopper.begin(), hopper.end(), has_fp8));
  }
}

TEST(KernelLists, NamesAreUniqueAndSayWhatTheKernelComputes) {
  std::set<std::string> seen;
  for (const auto& list : {cublaslt::list_kernels, cusparselt::list_kernels, torch::list_kernels}) {
    for (const KernelInfo& kernel : list(kHopper)) {
      EXPECT_TRUE(seen.insert(kernel.name).second) << kernel.name;
      if (!kernel.scaled) continue;
      const std::string library = kernel.name.substr(0, kernel.name.find('_'));
      EXPECT_THAT(kernel.name, ::testing::StartsWith(kernel_name(
                                   library, kernel.a, kernel.b, kernel.d, kernel.sparsity, false)));
      EXPECT_EQ(kernel.bias, kernel.name.ends_with("_bias")) << kernel.name;
    }
  }
}

// A ratio always compares like with like.
TEST(KernelLists, EverySparseKernelOfCusparseLtHasADenseTwin) {
  const auto dense = cublaslt::list_kernels(kHopper);
  for (const KernelInfo& kernel : cusparselt::list_kernels(kHopper)) {
    EXPECT_TRUE(std::any_of(dense.begin(), dense.end(), [&](const KernelInfo& other) {
      return other.scaled && other.a == kernel.a && other.d == kernel.d &&
             other.bias == kernel.bias && other.accumulation == kernel.accumulation;
    })) << kernel.name;
  }
}

TEST(TorchModule, IsWhereTheEnvironmentSays) {
  setenv("TWOFOUR_TORCH_MODULE", "/somewhere/module.so", 1);
  EXPECT_EQ(torch::module_path(), "/somewhere/module.so");
  unsetenv("TWOFOUR_TORCH_MODULE");
  EXPECT_THAT(torch::module_path(), ::testing::EndsWith("/libtwofour_torch.so"));
}

TEST(TorchModule, SaysWhyItIsNotThereAndWhatToDo) {
  try {
    torch::load_module("/nowhere/libtwofour_torch.so");
    FAIL() << "loaded a module that is not there";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::AllOf(HasSubstr("/nowhere/libtwofour_torch.so"),
                                               HasSubstr("TWOFOUR_TORCH_DIR")));
  }
}

}  // namespace
}  // namespace twofour::providers
