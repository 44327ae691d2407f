// The contract of kernels of batches (GemmProblem::batch), and that a broken one is caught: on a
// provider that runs a right kernel once for each GEMM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "contract.h"
#include "core/rounding.h"
#include "support/fake_device.h"

namespace twofour::contract {
namespace {

using providers::KernelInfo;
using providers::Operation;
using providers::Provider;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Fault : std::uint8_t {
  kNone,
  kOneWeightForAll,  ///< as a stride of 0 for the weights
  kCloseTogether,    ///< D of the next GEMM right behind row M
  kLastNotComputed,
};

constexpr std::int64_t kAlignment = 64;

GemmProblem alone(GemmProblem problem) {
  problem.batch = 1;
  return problem;
}

/// Bytes of a buffer that it does not own.
Buffer view(void* data, std::size_t bytes) {
  return {data, bytes, [](void*) {}};
}

class BatchOperation final : public Operation {
 public:
  BatchOperation(const Provider& right, const KernelInfo& kernel, const GemmProblem& problem,
                 std::size_t step, Fault fault)
      : problem_(problem), step_(step), fault_(fault) {
    for (std::int64_t i = 0; i < problem.batch; ++i) {
      each_.push_back(right.make_operation(kernel, alone(problem)));
    }
  }
  void prepare(const providers::PrepareArgs& args) override {
    const std::int64_t m = problem_.shape.m;
    const std::int64_t rows = fault_ == Fault::kCloseTogether ? m : providers::output_rows(m);
    const std::size_t room = bytes_of(problem_.d, rows * problem_.shape.n);
    for (std::size_t i = 0; i < each_.size(); ++i) {
      providers::PrepareArgs own = args;
      own.d = static_cast<std::byte*>(args.d) + i * room;
      each_[i]->prepare(own);
    }
  }
  void launch(providers::WeightCopy weights) override {
    const std::size_t count = each_.size() - (fault_ == Fault::kLastNotComputed ? 1 : 0);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = fault_ == Fault::kOneWeightForAll ? 0 : i * step_;
      each_[i]->launch({static_cast<const std::byte*>(weights.data) + at, weights.slot});
    }
  }
  [[nodiscard]] std::string algorithm() const override { return "one by one"; }
  [[nodiscard]] std::string architecture() const override { return each_[0]->architecture(); }
  [[nodiscard]] GemmShape executed() const override { return each_[0]->executed(); }

 private:
  GemmProblem problem_;
  std::size_t step_;
  Fault fault_;
  std::vector<std::unique_ptr<Operation>> each_;
};

class BatchProvider final : public Provider {
 public:
  BatchProvider(const Provider& right, Fault fault) : right_(right), fault_(fault) {}
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] std::vector<KernelInfo> kernels() const override { return {}; }
  [[nodiscard]] providers::Support supports(const KernelInfo& kernel,
                                            const GemmProblem& problem) const override {
    return right_.supports(kernel, alone(problem));
  }
  [[nodiscard]] providers::Footprint footprint(const KernelInfo& kernel, const GemmProblem& problem,
                                               int /*threads*/) const override {
    return {.weights = {.key = "batch",
                        .bytes = static_cast<std::size_t>(problem.batch) * step(kernel, problem)}};
  }
  void pack(const KernelInfo& kernel, const GemmProblem& problem,
            const providers::PackTask& task) const override {
    const auto batch = static_cast<std::size_t>(problem.batch);
    const std::size_t one = task.weights.bytes() / batch;
    for (std::size_t i = 0; i < batch; ++i) {
      const Buffer own = view(task.weights.as<std::byte>() + i * one, one);
      right_.pack(kernel, alone(problem),
                  {.device = task.device,
                   .weights = own,
                   .packed = static_cast<std::byte*>(task.packed) + i * step(kernel, problem)});
    }
  }
  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return std::make_unique<BatchOperation>(right_, kernel, problem, step(kernel, problem), fault_);
  }

 private:
  [[nodiscard]] std::size_t step(const KernelInfo& kernel, const GemmProblem& problem) const {
    const std::size_t one = right_.footprint(kernel, alone(problem), 1).weights.bytes;
    return static_cast<std::size_t>(round_up(static_cast<std::int64_t>(one), kAlignment));
  }

  const Provider& right_;
  Fault fault_;
};

/// An int8 kernel of this build and machine, as one of batches.
std::vector<std::string> violations_with(Fault fault) {
  for (const providers::ProviderRow& row : providers::provider_table()) {
    if (row.device_kind != DeviceKind::kCpu || row.make == nullptr || !row.by_default) continue;
    const auto right = row.make(testing::any_cpu());
    for (const KernelInfo& kernel : right->kernels()) {
      const KernelInfo several = providers::batched(kernel);
      const GemmProblem problem = problem_of(several, {.m = 5, .n = 24, .k = 64}, ScaleScheme{});
      if (kernel.a != DataType::kInt8 || !right->supports(kernel, alone(problem))) continue;
      testing::FakeDevice device;
      Workloads workloads(device);
      const BatchProvider provider(*right, fault);
      return examine(provider, several, problem, workloads, device, {}).violations;
    }
  }
  throw std::runtime_error("no provider has an int8 kernel");
}

TEST(KernelOfBatches, HasANameOfItsOwn) {
  const KernelInfo several = providers::batched({.name = "cublaslt_i8_i8_bf16_scaled_mm"});
  EXPECT_EQ(several.name, "cublaslt_i8_i8_bf16_scaled_mm_batched");
  EXPECT_EQ(problem_of(several, {.m = 1, .n = 2, .k = 3}, ScaleScheme{}).batch, kBatch);
}

TEST(KernelOfBatches, EachGemmHasWeightsAndAResultOfItsOwn) {
  EXPECT_THAT(violations_with(Fault::kNone), IsEmpty());
}

TEST(KernelOfBatches, IsCaughtWhereItIsWrong) {
  EXPECT_THAT(violations_with(Fault::kOneWeightForAll),
              Contains(HasSubstr("wrong result of GEMM 1")));
  EXPECT_THAT(violations_with(Fault::kCloseTogether),
              Contains(HasSubstr("wrong result of GEMM 1")));
  EXPECT_THAT(violations_with(Fault::kCloseTogether), Contains(HasSubstr("wrote outside D")));
  EXPECT_THAT(violations_with(Fault::kLastNotComputed),
              Contains(HasSubstr("wrong result of GEMM 2")));
}

}  // namespace
}  // namespace twofour::contract
