// Every kernel of every provider that computes on a GPU, against the reference. Tests are named
// after kernels and registered when the program starts, because only a GPU tells which there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "contract.h"
#include "device/cuda/cuda_device.h"

namespace twofour::contract {
namespace {

using providers::KernelInfo;
using providers::Provider;

// One row, fewer rows than any tile, one more than a tile, K from the least that a kernel may take
// to many tiles, N with a tail, whole tiles; K = 7 is not a multiple of a 2:4 group.
constexpr GemmShape kShapes[] = {
    {.m = 1, .n = 64, .k = 64},     {.m = 1, .n = 1056, .k = 2048},  {.m = 3, .n = 8, .k = 16},
    {.m = 16, .n = 64, .k = 128},   {.m = 17, .n = 96, .k = 256},    {.m = 64, .n = 256, .k = 512},
    {.m = 129, .n = 160, .k = 192}, {.m = 200, .n = 320, .k = 1056}, {.m = 5, .n = 33, .k = 36},
    {.m = 5, .n = 16, .k = 7},      {.m = 256, .n = 256, .k = 4096}};
// Layers of a 72B model split over 8 and 16 GPUs, and N that is no whole vector or tile.
constexpr GemmShape kRaggedShapes[] = {
    {.m = 1, .n = 4100, .k = 1848},   {.m = 1, .n = 1000, .k = 3696},
    {.m = 7, .n = 1000, .k = 1848},   {.m = 33, .n = 4100, .k = 3696},
    {.m = 100, .n = 1000, .k = 3696}, {.m = 100, .n = 4100, .k = 1848},
    {.m = 300, .n = 1000, .k = 1848}, {.m = 300, .n = 600, .k = 3696}};
constexpr GemmShape kFewRaggedShapes[] = {{.m = 7, .n = 100, .k = 184}};
// Few groups of eight; and sides that are padded too, all of them and none.
constexpr GemmShape kSixEightShapes[] = {{.m = 1, .n = 64, .k = 40},
                                         {.m = 7, .n = 1000, .k = 1848},
                                         {.m = 33, .n = 4100, .k = 3696},
                                         {.m = 100, .n = 4096, .k = 1024},
                                         {.m = 300, .n = 1000, .k = 1848}};
constexpr std::string_view kSchemes[] = {"tensor", "token", "channel", "token-channel"};
// What cuSPARSELt takes for all types and what all others do.
constexpr std::string_view kPaddedSchemes[] = {"tensor", "token-channel"};
// Two tiles and a tail of everything; every kernel takes it.
constexpr GemmShape kTimedShape{.m = 48, .n = 320, .k = 1152};
// Under compute-sanitizer a launch takes a hundred times as long.
constexpr GemmShape kFewShapes[] = {{.m = 17, .n = 96, .k = 256}};
constexpr std::string_view kFewSchemes[] = {"tensor", "token-channel"};

bool few_problems() {
  const char* asked = std::getenv("TWOFOUR_CONTRACT_PROBLEMS");
  return asked != nullptr && std::string_view(asked) == "few";
}

std::span<const GemmShape> shapes() {
  if (few_problems()) return kFewShapes;
  return kShapes;
}

std::span<const std::string_view> schemes() {
  if (few_problems()) return kFewSchemes;
  return kSchemes;
}

struct Gpu {
  std::unique_ptr<device::Device> device;
  std::unique_ptr<Workloads> workloads;
};

struct Subject {
  std::shared_ptr<const Provider> provider;
  KernelInfo kernel;
};

class KernelTest : public ::testing::Test {
 public:
  KernelTest(std::shared_ptr<Gpu> gpu, Subject subject)
      : gpu_(std::move(gpu)), subject_(std::move(subject)) {}

 protected:
  [[nodiscard]] const Subject& subject() const { return subject_; }
  [[nodiscard]] Gpu& gpu() const { return *gpu_; }
  Findings examine_on(const Problems& problems, const Circumstances& circumstances) {
    return examine_all(*subject_.provider, subject_.kernel, problems, *gpu_->workloads,
                       *gpu_->device, circumstances);
  }
  static void report(const Findings& findings) {
    EXPECT_THAT(findings.violations, ::testing::IsEmpty());
    if (!findings.lacking.empty()) GTEST_SKIP() << findings.lacking;
  }

 private:
  std::shared_ptr<Gpu> gpu_;
  Subject subject_;
};

class KeepsTheContract : public KernelTest {
 public:
  using KernelTest::KernelTest;
  void TestBody() override {
    const Findings findings = examine_on({.shapes = shapes(), .schemes = schemes()}, {});
    std::string names;
    for (const std::string& scheme : findings.schemes) names.append(" ").append(scheme);
    std::printf("  %d problems; scales:%s\n", findings.supported, names.c_str());
    report(findings);
  }
};

class CanBeSearchedAndTimed : public KernelTest {
 public:
  using KernelTest::KernelTest;
  void TestBody() override {
    report(examine_on({.shapes = {&kTimedShape, 1}, .schemes = std::span(kSchemes).first(1)},
                      {.plan_budget = std::chrono::duration<double>(0.02), .times = true}));
  }
};

/// Whether a shape may be refused for `refusal`: the library or the GPU lacks the kernel, or it
/// computes several GEMMs, which are neither padded nor 6:8.
bool may_be_refused_for(const std::string& refusal) {
  return refusal.find("this ") != std::string::npos ||
         refusal.find("several GEMMs in one call are ") != std::string::npos;
}

/// examine() of each of `shapes`, and that each is taken up to the kernel's largest M.
void examine_padded(const Subject& subject, Gpu& gpu, std::span<const GemmShape> shapes,
                    Sparsity sparsity) {
  const auto& [provider, kernel] = subject;
  for (const GemmShape& shape : shapes) {
    bool taken = kernel.most_m && shape.m > *kernel.most_m;
    for (const std::string_view scheme : kPaddedSchemes) {
      GemmProblem problem = problem_of(kernel, shape, parse_scale_scheme(scheme).value());
      problem.sparsity = sparsity;
      const Finding finding = examine(*provider, kernel, problem, *gpu.workloads, *gpu.device, {});
      taken = taken || finding.supported || may_be_refused_for(finding.refusal);
      EXPECT_THAT(finding.violations, ::testing::IsEmpty()) << mkn(shape) << " " << scheme;
      if (!finding.supported || scheme != kPaddedSchemes[0]) continue;
      const auto operation = provider->make_operation(kernel, problem);
      std::printf("  %s: %zu bytes of weights%s%s\n", mkn(shape).c_str(),
                  provider->footprint(kernel, problem, 1).weights.bytes,
                  operation->copies().empty() ? "" : ", copies ", operation->copies().c_str());
    }
    EXPECT_TRUE(taken) << mkn(shape) << " is refused";
  }
}

class TakesEveryShape : public KernelTest {
 public:
  using KernelTest::KernelTest;
  void TestBody() override {
    const std::span<const GemmShape> all = kRaggedShapes;
    examine_padded(subject(), gpu(), few_problems() ? kFewRaggedShapes : all,
                   subject().kernel.sparsity);
  }
};

class DoesSixOfEight : public KernelTest {
 public:
  using KernelTest::KernelTest;
  void TestBody() override {
    const std::span<const GemmShape> all = kSixEightShapes;
    examine_padded(subject(), gpu(), few_problems() ? kFewRaggedShapes : all, Sparsity::kSixEight);
    GemmProblem ragged = problem_of(subject().kernel, {.m = 5, .n = 16, .k = 12}, ScaleScheme{});
    ragged.sparsity = Sparsity::kSixEight;
    EXPECT_EQ(subject().provider->supports(subject().kernel, ragged).reason,
              "6:8 needs K to be a multiple of 8, not 12");
  }
};

class RefusesPartOfAGroupOfFour : public KernelTest {
 public:
  using KernelTest::KernelTest;
  void TestBody() override {
    report(examine_ragged_group(*subject().provider, subject().kernel, kTimedShape,
                                kTimedShape.k + 2));
  }
};

template <class Test>
void add_test([[maybe_unused]] const char* suite, [[maybe_unused]] const std::shared_ptr<Gpu>& gpu,
              const Subject& subject) {
  std::string name = subject.kernel.name;
  std::replace(name.begin(), name.end(), '-', '_');
#ifndef __clang_analyzer__  // it takes the factory that GoogleTest keeps for a leak
  ::testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [gpu, subject]() -> KernelTest* { return new Test(gpu, subject); });
#endif
}

void add_tests(const std::shared_ptr<Gpu>& gpu) {
  for (const providers::ProviderRow& row : providers::provider_table()) {
    if (row.device_kind != DeviceKind::kCuda) continue;
    const std::string name(row.name);
    if (row.make == nullptr) {
      std::printf("%s: not built: %s\n", name.c_str(), std::string(row.not_built_reason).c_str());
      continue;
    }
    try {
      const std::shared_ptr<const Provider> provider = row.make(*gpu->device);
      std::printf("%s %s\n", name.c_str(), provider->version().c_str());
      for (const KernelInfo& kernel : provider->kernels()) {
        const Subject subject{provider, kernel};
        add_test<KeepsTheContract>("KeepsTheContract", gpu, subject);
        add_test<CanBeSearchedAndTimed>("CanBeSearchedAndTimed", gpu, subject);
        add_test<TakesEveryShape>("TakesEveryShape", gpu, subject);
        if (kernel.sparsity != Sparsity::kTwoFour) continue;
        add_test<RefusesPartOfAGroupOfFour>("RefusesPartOfAGroupOfFour", gpu, subject);
        if (provider->expands_six_eight()) {
          add_test<DoesSixOfEight>("DoesSixOfEight", gpu, subject);
        }
      }
    } catch (const std::exception& error) {
      std::printf("%s: cannot start: %s\n", name.c_str(), error.what());
    }
  }
}

}  // namespace
}  // namespace twofour::contract

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // What an earlier run found must not keep a search from running.
  setenv("TWOFOUR_TUNING_FILE", "", 1);
  const auto gpu = std::make_shared<twofour::contract::Gpu>();
  try {
    gpu->device = twofour::device::make_cuda_device(0);
  } catch (const std::exception& error) {
    std::printf("skipped: %s\n", error.what());
    return 0;
  }
  const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  gpu->workloads = std::make_unique<twofour::contract::Workloads>(*gpu->device, threads);
  twofour::contract::add_tests(gpu);
  return RUN_ALL_TESTS();
}
