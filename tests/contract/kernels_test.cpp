// Every kernel of every provider that computes on this CPU, on ragged shapes, in every scale
// scheme, against the reference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract.h"
#include "core/processor.h"
#include "run/packed_weights.h"
#include "support/fake_device.h"

namespace twofour::contract {
namespace {

using providers::KernelInfo;
using providers::Provider;

/// The instruction sets of this process were lowered by TWOFOUR_ISA, or are what the machine has.
class LevelIsThere : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* asked = std::getenv("TWOFOUR_ISA");
    if (asked != nullptr && to_string(best_isa()) != asked) {
      GTEST_SKIP() << "this machine has no " << asked << ", only " << to_string(best_isa());
    }
  }
};

const auto* const kLevel = ::testing::AddGlobalTestEnvironment(new LevelIsThere);

struct StartedProvider {
  std::unique_ptr<Provider> provider;
  bool by_default;
};

/// The providers that could be started. Made once: oneDNN takes its time to load.
const std::map<std::string, StartedProvider>& started_providers() {
  static const auto providers = [] {
    std::map<std::string, StartedProvider> made;
    for (const providers::ProviderRow& row : providers::provider_table()) {
      if (row.device_kind != DeviceKind::kCpu || row.make == nullptr) continue;
      made.emplace(row.name, StartedProvider{row.make(testing::any_cpu()), row.by_default});
    }
    return made;
  }();
  return providers;
}

struct NamedKernel {
  std::string provider;
  KernelInfo kernel;
  bool packs_weights;
};

void PrintTo(const NamedKernel& named, std::ostream* os) { *os << named.kernel.name; }

std::vector<NamedKernel> all_kernels() {
  std::vector<NamedKernel> kernels;
  for (const auto& [name, started] : started_providers()) {
    for (KernelInfo& kernel : started.provider->kernels()) {
      // Only the mock is not run by default, and it does nothing but let time pass.
      kernels.push_back({name, std::move(kernel), started.by_default});
    }
  }
  return kernels;
}

std::string test_name(const ::testing::TestParamInfo<NamedKernel>& info) {
  std::string name = info.param.kernel.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// One row, one column, fewer than a vector, one more than a tile, K with a tail, many tiles of one
// dimension, K beyond one cache block. K = 7 is not a multiple of a 2:4 group.
constexpr GemmShape kShapes[] = {{.m = 1, .n = 1, .k = 4},    {.m = 1, .n = 17, .k = 64},
                                 {.m = 3, .n = 5, .k = 8},    {.m = 16, .n = 64, .k = 128},
                                 {.m = 17, .n = 33, .k = 36}, {.m = 64, .n = 48, .k = 260},
                                 {.m = 5, .n = 16, .k = 7},   {.m = 2, .n = 1030, .k = 128},
                                 {.m = 131, .n = 7, .k = 64}, {.m = 4, .n = 20, .k = 2052}};
// One group, fewer rows than threads, columns that are no whole panel, more than one cache block.
constexpr GemmShape kSixEightShapes[] = {{.m = 1, .n = 1, .k = 8},
                                         {.m = 2, .n = 17, .k = 136},
                                         {.m = 33, .n = 70, .k = 24},
                                         {.m = 7, .n = 100, .k = 1032}};
constexpr std::string_view kSchemes[] = {"tensor", "token", "channel", "token-channel"};
// Divides few of the shapes.
constexpr int kManyThreads = 3;

class Kernel : public ::testing::TestWithParam<NamedKernel> {
 protected:
  static void SetUpTestSuite() {
    device_ = std::make_unique<testing::FakeDevice>();
    workloads_ = std::make_unique<Workloads>(*device_);
  }
  static void TearDownTestSuite() {
    workloads_.reset();
    EXPECT_EQ(device_->live_bytes(), 0U) << "memory of the device that nobody freed";
    device_.reset();
  }

  [[nodiscard]] const Provider& provider() const {
    return *started_providers().at(GetParam().provider).provider;
  }
  static std::unique_ptr<testing::FakeDevice> device_;
  static std::unique_ptr<Workloads> workloads_;
};

std::unique_ptr<testing::FakeDevice> Kernel::device_;
std::unique_ptr<Workloads> Kernel::workloads_;

TEST_P(Kernel, KeepsTheContractOnEveryShapeAndScaleScheme) {
  const Findings findings =
      examine_all(provider(), GetParam().kernel,
                  {.shapes = kShapes, .schemes = kSchemes, .many_threads = kManyThreads},
                  *workloads_, *device_, {.packs_weights = GetParam().packs_weights});
  EXPECT_THAT(findings.violations, ::testing::IsEmpty());
  RecordProperty("supported_problems", findings.supported);
  if (!findings.lacking.empty()) GTEST_SKIP() << findings.lacking;
}

TEST_P(Kernel, RefusesPartOfAGroupOfFourWhenSparse) {
  if (GetParam().kernel.sparsity != Sparsity::kTwoFour) return;
  const Findings findings =
      examine_ragged_group(provider(), GetParam().kernel, {.m = 5, .n = 16, .k = 8}, 7);
  EXPECT_THAT(findings.violations, ::testing::IsEmpty());
  if (!findings.lacking.empty()) GTEST_SKIP() << findings.lacking;
}

TEST_P(Kernel, DoesSixOfEightWhereItsProviderExpandsThem) {
  const KernelInfo& kernel = GetParam().kernel;
  if (kernel.sparsity != Sparsity::kTwoFour || !provider().expands_six_eight()) return;
  for (const GemmShape& shape : kSixEightShapes) {
    GemmProblem problem = problem_of(kernel, shape, parse_scale_scheme("token-channel").value());
    problem.sparsity = Sparsity::kSixEight;
    const Finding finding =
        examine(provider(), kernel, problem, *workloads_, *device_, {.threads = kManyThreads});
    EXPECT_TRUE(finding.supported) << mkn(shape) << ": " << finding.refusal;
    EXPECT_THAT(finding.violations, ::testing::IsEmpty()) << mkn(shape);
    EXPECT_GE(2 * provider().make_operation(kernel, problem)->executed().k, 3 * shape.k);
  }
  GemmProblem ragged = problem_of(kernel, {.m = 5, .n = 16, .k = 12}, ScaleScheme{});
  ragged.sparsity = Sparsity::kSixEight;
  EXPECT_EQ(provider().supports(kernel, ragged).reason,
            "6:8 needs K to be a multiple of 8, not 12");
}

INSTANTIATE_TEST_SUITE_P(OfProvider, Kernel, ::testing::ValuesIn(all_kernels()), test_name);

class SharedPack : public ::testing::TestWithParam<std::string> {};

std::vector<unsigned char> packed_by(const Provider& provider, const KernelInfo& kernel,
                                     const GemmProblem& problem, const Buffer& weights,
                                     testing::FakeDevice& device) {
  const std::size_t bytes = provider.footprint(kernel, problem, 1).weights.bytes;
  const Buffer packed = device.memory().allocate(bytes);
  device.memory().fill_bytes(packed.data(), 0,
                             bytes);  // padding that nobody reads may stay unwritten
  if (bytes != 0) {
    provider.pack(kernel, problem,
                  {.device = device, .weights = weights, .packed = packed.data(), .threads = 1});
  }
  const auto* begin = packed.as<const unsigned char>();
  return {begin, begin + bytes};
}

// What is packed for one kernel is given to all that have the same key.
TEST_P(SharedPack, KernelsWithOneKeyPackTheSameBytes) {
  testing::FakeDevice device;
  Workloads workloads(device);
  const Provider& provider = *started_providers().at(GetParam()).provider;
  std::map<std::string, std::vector<unsigned char>> packs;
  int shared = 0;
  int supported = 0;
  for (const KernelInfo& kernel : provider.kernels()) {
    const GemmProblem problem = problem_of(kernel, {.m = 17, .n = 40, .k = 132}, ScaleScheme{});
    if (!provider.supports(kernel, problem)) continue;
    ++supported;
    const std::string key = provider.footprint(kernel, problem, 1).weights.key;
    const auto bytes =
        packed_by(provider, kernel, problem, workloads.get(problem).operands.b, device);
    const auto [first, added] = packs.try_emplace(key, bytes);
    if (added) continue;
    ++shared;
    EXPECT_EQ(bytes, first->second) << kernel.name << " and another have the key " << key;
  }
  // A library may do nothing with the instructions that it is held to; that its kernels then say so
  // is another test's business.
  if (supported == 0) GTEST_SKIP() << "no kernel takes part on this CPU";
  EXPECT_GT(shared, 0) << "no two kernels share packed weights";
}

// Kernels of a case share packed weights and D, and are launched in turns.
TEST_P(SharedPack, KernelsOfOneCaseDoNotDisturbEachOther) {
  testing::FakeDevice device;
  Workloads workloads(device);
  const Provider& provider = *started_providers().at(GetParam()).provider;
  struct Member {
    KernelInfo kernel;
    GemmProblem problem;
    operands::Operands operands;
    std::unique_ptr<OutputArea> output;
    const run::WeightCopies* copies = nullptr;
    std::unique_ptr<providers::Operation> operation;
  };
  run::PackedWeights weights(device);
  std::vector<std::unique_ptr<Member>> members;
  for (const KernelInfo& kernel : provider.kernels()) {
    const GemmProblem problem = problem_of(kernel, {.m = 17, .n = 40, .k = 132},
                                           parse_scale_scheme("token-channel").value());
    if (!provider.supports(kernel, problem)) continue;
    auto member = std::make_unique<Member>(Member{kernel, problem, {}, nullptr, nullptr, nullptr});
    member->operands = clone(workloads.get(problem).operands, device);
    member->output = std::make_unique<OutputArea>(problem, device);
    member->operation = provider.make_operation(kernel, problem);
    member->operation->prepare(
        {.device = device, .operands = member->operands, .d = member->output->d(), .threads = 1});
    const auto pack = [&](void* packed) {
      provider.pack(
          kernel, problem,
          {.device = device, .weights = member->operands.b, .packed = packed, .threads = 1});
    };
    member->copies = &weights.get(provider.footprint(kernel, problem, 1).weights, 2, pack);
    member->operation->plan({.device = device, .cache = {}, .copies = member->copies->all()});
    members.push_back(std::move(member));
  }
  for (int turn = 0; turn < 2; ++turn) {
    for (const auto& member : members) {
      member->output->poison();
      member->operation->launch((*member->copies)[turn]);
      const auto check =
          workloads.get(member->problem)
              .reference.check(member->problem,
                               provider.accumulation(member->kernel, member->problem),
                               member->output->copy().data(), 1);
      EXPECT_TRUE(check.right) << member->kernel.name << ": " << check.description;
    }
  }
}

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const auto& [name, started] : started_providers()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(OfProvider, SharedPack, ::testing::ValuesIn(provider_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace twofour::contract
