// The contract tests must be able to fail: a provider that breaks one rule at a time is caught, and
// for that rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract.h"
#include "support/fake_device.h"

namespace twofour::contract {
namespace {

using providers::KernelInfo;
using providers::Operation;

enum class Fault : std::uint8_t {
  kNone,
  kLastElementOffByOneBit,
  kLastElementNotWritten,
  kSecondCopyWrong,
  kWritesPastTheEnd,
  kReadsBAfterPrepare,
  kDrifts,
  kChangesA,
  kNoKey,
  kLayoutTooSmall,
  kNoAlgorithm,
  kExecutesLess,
  kThrows,
  kRefusesInSilence,
  kRefusesEverything,
  kLacksTheMachine,
  kTakesRaggedGroups,
};

struct FaultCase {
  Fault fault;
  const char* name;
  const char* violation;  ///< part of what must be reported
};

constexpr FaultCase kFaults[] = {
    {Fault::kLastElementOffByOneBit, "LastElementOffByOneBit", "slot 0: wrong result"},
    {Fault::kLastElementNotWritten, "LastElementNotWritten", "slot 0: wrong result"},
    {Fault::kSecondCopyWrong, "SecondCopyWrong", "slot 1: wrong result"},
    {Fault::kWritesPastTheEnd, "WritesPastTheEnd", "slot 0: wrote outside D"},
    {Fault::kReadsBAfterPrepare, "ReadsBAfterPrepare", "slot 0: wrong result"},
    {Fault::kDrifts, "Drifts", "a second launch gave other bits"},
    {Fault::kChangesA, "ChangesA", "changed its operands"},
    {Fault::kNoKey, "NoKey", "layout has no key"},
    {Fault::kLayoutTooSmall, "LayoutTooSmall", "as the layout says"},
    {Fault::kNoAlgorithm, "NoAlgorithm", "algorithm has no name"},
    {Fault::kExecutesLess, "ExecutesLess", "is smaller than"},
    {Fault::kThrows, "Throws", "threw: the kernel gave up"},
    {Fault::kRefusesInSilence, "RefusesInSilence", "unsupported, without a reason"},
};

void PrintTo(const FaultCase& fault, std::ostream* os) { *os << fault.name; }

/// A right operation whose launches then go wrong.
class FaultyOperation final : public Operation {
 public:
  FaultyOperation(std::unique_ptr<Operation> right, const GemmProblem& problem, Fault fault)
      : right_(std::move(right)), problem_(problem), fault_(fault) {}

  void prepare(const providers::PrepareArgs& args) override {
    right_->prepare(args);
    d_ = static_cast<std::uint16_t*>(args.d);
    a_ = args.operands.a.as<unsigned char>();
    b_ = args.operands.b.as<const unsigned char>();
    first_b_ = b_[0];
  }
  void plan(const providers::PlanArgs& args) override { right_->plan(args); }
  void launch(providers::WeightCopy weights) override {
    const std::int64_t elements = problem_.shape.m * problem_.shape.n;
    std::uint16_t& last = d_[elements - 1];
    const std::uint16_t before = last;
    right_->launch(weights);
    ++launches_;
    switch (fault_) {
      case Fault::kLastElementOffByOneBit:
        last ^= 1U;
        break;
      case Fault::kLastElementNotWritten:
        last = before;
        break;
      case Fault::kSecondCopyWrong:
        if (weights.slot == 1) last ^= 1U;
        break;
      case Fault::kWritesPastTheEnd:
        d_[elements] = 0;
        break;
      case Fault::kReadsBAfterPrepare:
        if (b_[0] != first_b_) last ^= 1U;
        break;
      case Fault::kDrifts:
        if (launches_ == 3) last ^= 1U;
        break;
      case Fault::kChangesA:
        a_[0] ^= 1U;
        break;
      case Fault::kThrows:
        throw std::runtime_error("the kernel gave up");
      default:
        break;
    }
  }
  [[nodiscard]] std::string algorithm() const override {
    return fault_ == Fault::kNoAlgorithm ? "" : right_->algorithm();
  }
  [[nodiscard]] std::string architecture() const override { return right_->architecture(); }
  [[nodiscard]] GemmShape executed() const override {
    if (fault_ != Fault::kExecutesLess) return right_->executed();
    GemmShape shape = problem_.shape;
    shape.n -= 1;
    return shape;
  }

 private:
  std::unique_ptr<Operation> right_;
  GemmProblem problem_;
  Fault fault_;
  int launches_ = 0;
  std::uint16_t* d_ = nullptr;
  unsigned char* a_ = nullptr;
  const unsigned char* b_ = nullptr;
  unsigned char first_b_ = 0;
};

class FaultyProvider final : public providers::Provider {
 public:
  FaultyProvider(const Provider& right, Fault fault) : right_(right), fault_(fault) {}
  [[nodiscard]] std::string version() const override { return right_.version(); }
  [[nodiscard]] std::vector<KernelInfo> kernels() const override { return right_.kernels(); }
  [[nodiscard]] providers::Support supports(const KernelInfo& kernel,
                                            const GemmProblem& problem) const override {
    if (fault_ == Fault::kRefusesInSilence) return providers::Support::no("");
    if (fault_ == Fault::kRefusesEverything) return providers::Support::no("not today");
    if (fault_ == Fault::kLacksTheMachine) return providers::Support::no("this CPU is too old");
    if (fault_ == Fault::kTakesRaggedGroups) return providers::Support::yes();
    return right_.supports(kernel, problem);
  }
  [[nodiscard]] providers::Footprint footprint(const KernelInfo& kernel, const GemmProblem& problem,
                                               int threads) const override {
    providers::Footprint footprint = right_.footprint(kernel, problem, threads);
    if (fault_ == Fault::kLayoutTooSmall) footprint.weights.bytes /= 2;
    if (fault_ == Fault::kNoKey) footprint.weights.key.clear();
    return footprint;
  }
  void pack(const KernelInfo& kernel, const GemmProblem& problem,
            const providers::PackTask& task) const override {
    right_.pack(kernel, problem, task);
  }
  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return std::make_unique<FaultyOperation>(right_.make_operation(kernel, problem), problem,
                                             fault_);
  }

 private:
  const Provider& right_;
  Fault fault_;
};

/// The first int8 kernel that some provider can run: every level of instruction sets has one.
struct RightKernel {
  std::unique_ptr<providers::Provider> provider;
  KernelInfo kernel;
  GemmProblem problem;
};

RightKernel right_kernel() {
  for (const providers::ProviderRow& row : providers::provider_table()) {
    if (row.device_kind != DeviceKind::kCpu || row.make == nullptr || !row.by_default) continue;
    auto provider = row.make(testing::any_cpu());
    for (const KernelInfo& kernel : provider->kernels()) {
      const GemmProblem problem = problem_of(kernel, {.m = 17, .n = 33, .k = 36}, ScaleScheme{});
      if (kernel.a == DataType::kInt8 && provider->supports(kernel, problem)) {
        return {std::move(provider), kernel, problem};
      }
    }
  }
  throw std::runtime_error("no provider has an int8 kernel");
}

Finding examine_with(Fault fault) {
  testing::FakeDevice device;
  Workloads workloads(device);
  const RightKernel right = right_kernel();
  const FaultyProvider faulty(*right.provider, fault);
  return examine(faulty, right.kernel, right.problem, workloads, device, {});
}

TEST(FaultyKernel, WithoutAFaultNothingIsReported) {
  const Finding finding = examine_with(Fault::kNone);
  EXPECT_TRUE(finding.supported);
  EXPECT_THAT(finding.violations, ::testing::IsEmpty());
}

class FaultyKernelP : public ::testing::TestWithParam<FaultCase> {};

TEST_P(FaultyKernelP, IsCaught) {
  EXPECT_THAT(examine_with(GetParam().fault).violations,
              ::testing::Contains(::testing::HasSubstr(GetParam().violation)));
}

INSTANTIATE_TEST_SUITE_P(That, FaultyKernelP, ::testing::ValuesIn(kFaults),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr GemmShape kTwoShapes[] = {{.m = 3, .n = 5, .k = 8}, {.m = 16, .n = 64, .k = 128}};
constexpr std::string_view kTwoSchemes[] = {"tensor", "token-channel"};

Findings examine_all_with(Fault fault) {
  testing::FakeDevice device;
  Workloads workloads(device);
  const RightKernel right = right_kernel();
  const FaultyProvider faulty(*right.provider, fault);
  return examine_all(faulty, right.kernel,
                     {.shapes = kTwoShapes, .schemes = kTwoSchemes, .many_threads = 2}, workloads,
                     device, {});
}

Findings examine_ragged_with(Fault fault) {
  const RightKernel right = right_kernel();
  const FaultyProvider faulty(*right.provider, fault);
  KernelInfo sparse = right.kernel;
  sparse.sparsity = Sparsity::kTwoFour;
  return examine_ragged_group(faulty, sparse, {.m = 5, .n = 16, .k = 8}, 7);
}

TEST(KernelOfSeveralProblems, WithoutAFaultAllOfThemAreSupported) {
  const Findings findings = examine_all_with(Fault::kNone);
  EXPECT_THAT(findings.violations, ::testing::IsEmpty());
  EXPECT_EQ(findings.supported, 6);
  EXPECT_THAT(findings.schemes, ::testing::ElementsAre("tensor", "token-channel"));
  EXPECT_THAT(findings.lacking, ::testing::IsEmpty());
}

TEST(KernelOfSeveralProblems, ThatRefusesEveryProblemIsCaught) {
  const Findings findings = examine_all_with(Fault::kRefusesEverything);
  EXPECT_THAT(findings.violations,
              ::testing::ElementsAre("supports none of the problems: not today"));
}

TEST(KernelOfSeveralProblems, ThatLacksTheMachineIsNoViolation) {
  const Findings findings = examine_all_with(Fault::kLacksTheMachine);
  EXPECT_THAT(findings.violations, ::testing::IsEmpty());
  EXPECT_EQ(findings.lacking, "this CPU is too old");
}

TEST(KernelOfSeveralProblems, AViolationNamesItsProblem) {
  EXPECT_THAT(examine_all_with(Fault::kThrows).violations,
              ::testing::Contains("3x8x5 scales=tensor threads=1: threw: the kernel gave up"));
}

TEST(RaggedGroup, ThatIsTakenIsCaught) {
  EXPECT_THAT(examine_ragged_with(Fault::kTakesRaggedGroups).violations,
              ::testing::ElementsAre("supports K = 7"));
}

TEST(RaggedGroup, RefusedByAKernelThatRefusesEverythingShowsNothing) {
  EXPECT_THAT(examine_ragged_with(Fault::kRefusesEverything).violations,
              ::testing::ElementsAre("supports none of the problems: not today"));
}

}  // namespace
}  // namespace twofour::contract
