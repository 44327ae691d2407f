// Every CUTLASS kernel of this build, launched in every way that a search may choose. The contract
// tests see only what a search has chosen.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract.h"
#include "device/cuda/cuda_device.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/operation.h"
#include "run/packed_weights.h"

namespace twofour::contract {
namespace {

using providers::cutlass::Candidate;
using providers::cutlass::CutlassOperation;
using providers::cutlass::Kernel;

constexpr int kCopies = 2;

class EveryCandidate : public ::testing::Test {
 protected:
  void SetUp() override {
    device_ = device::make_cuda_device(0);
    workloads_ = std::make_unique<Workloads>(*device_);
    own_ = &providers::cutlass::architecture_of(*device_);
  }

  void check_all(DataType a, DataType d) {
    // A tail of every tile, and K with a part of a stage: of the stages of 128 and of 256 deep
    // tiles there are an odd number, an even one and a single one. The second has several tiles of
    // each width, so that clusters, swizzles and raster orders make a difference. The last one's
    // weights are padded beyond K of its activations.
    for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
      check(
          {.shape = {.m = 17, .n = 328, .k = 1888}, .a = a, .b = a, .d = d, .sparsity = sparsity});
      check({.shape = {.m = 300, .n = 1096, .k = 1216},
             .a = a,
             .b = a,
             .d = d,
             .scales = {ScaleGranularity::kVector, ScaleGranularity::kVector},
             .bias = true,
             .sparsity = sparsity});
      check({.shape = {.m = 40, .n = 72, .k = 96}, .a = a, .b = a, .d = d, .sparsity = sparsity});
      check({.shape = {.m = 33, .n = 1000, .k = 1904 - 8 * (info(a).bits / 16)},
             .a = a,
             .b = a,
             .d = d,
             .sparsity = sparsity});
    }
  }

 private:
  /// Those of one SM bring the swizzles, those of many the splits.
  [[nodiscard]] std::vector<Candidate> all_candidates(const GemmProblem& problem) const {
    std::vector<Candidate> all;
    std::set<std::pair<const Kernel*, std::string>> seen;
    for (const Kernel* const kernel :
         providers::cutlass::kernels_for(own_->architecture, providers::cutlass::kernels())) {
      for (const int multiprocessors : {1, 132}) {
        for (const Candidate& candidate :
             own_->candidates({&kernel, 1}, problem, multiprocessors)) {
          if (seen.emplace(kernel, to_string(candidate.tactic)).second) all.push_back(candidate);
        }
      }
    }
    return all;
  }

  void check(const GemmProblem& problem) {
    const Workload& workload = workloads_->get(problem);
    OutputArea output(problem, *device_);
    const auto pack = [&](void* packed) {
      providers::cutlass::pack_weights(
          *own_, problem, {.device = *device_, .weights = workload.operands.b, .packed = packed});
    };
    const run::WeightCopies weights(*device_, providers::cutlass::weight_layout(*own_, problem),
                                    kCopies, pack);
    CutlassOperation operation(*own_, {}, problem, "", false);
    operation.prepare({.device = *device_, .operands = workload.operands, .d = output.d()});
    const auto accumulation =
        problem.a == DataType::kFp8E4m3 ? Accumulation::kFp8Fast : Accumulation::kWide;
    int launched = 0;
    for (const Candidate& candidate : all_candidates(problem)) {
      SCOPED_TRACE(to_string(problem) + " " + name_of(candidate));
      operation.use(*device_, candidate, weights.all());
      output.poison();
      // Back to back: a kernel must find its barriers reset and may start early.
      for (int i = 0; i < 3; ++i) operation.launch(weights[i % kCopies]);
      const auto result = workload.reference.check(problem, accumulation, output.copy().data(), 4);
      EXPECT_TRUE(result.right) << result.description;
      EXPECT_TRUE(output.guards_intact(problem.shape.m)) << "wrote outside of D";
      ++launched;
    }
    EXPECT_GT(launched, 0);
    std::printf("  %s: %d ways\n", to_string(problem).c_str(), launched);
  }

  std::unique_ptr<device::Device> device_;
  std::unique_ptr<Workloads> workloads_;
  const providers::cutlass::Architecture* own_ = nullptr;
};

TEST_F(EveryCandidate, cutlass_i8) { check_all(DataType::kInt8, DataType::kBf16); }
TEST_F(EveryCandidate, cutlass_fp8) { check_all(DataType::kFp8E4m3, DataType::kBf16); }
TEST_F(EveryCandidate, cutlass_fp8_fp16) { check_all(DataType::kFp8E4m3, DataType::kFp16); }
TEST_F(EveryCandidate, cutlass_bf16) { check_all(DataType::kBf16, DataType::kBf16); }
TEST_F(EveryCandidate, cutlass_fp16) { check_all(DataType::kFp16, DataType::kFp16); }

}  // namespace
}  // namespace twofour::contract
