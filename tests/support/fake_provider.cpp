#include "support/fake_provider.h"

#include <chrono>
#include <cstring>
#include <stdexcept>

#include "operands/number_formats.h"

namespace twofour::testing {
namespace {

/// What packed weights consist of.
constexpr unsigned char kPacked = 0x2A;

/// A and B in double, whatever their type.
double element(const void* data, DataType type, std::int64_t index) {
  if (type == DataType::kInt8) return static_cast<const std::int8_t*>(data)[index];
  return static_cast<double>(
      operands::bf16_to_float(static_cast<const std::uint16_t*>(data)[index]));
}

float scale(const Buffer& scales, ScaleGranularity granularity, std::int64_t index) {
  if (granularity == ScaleGranularity::kNone) return 1.0F;
  return scales.as<const float>()[granularity == ScaleGranularity::kVector ? index : 0];
}

std::vector<std::uint16_t> multiply(const GemmProblem& problem, const operands::Operands& o) {
  const GemmShape& s = problem.shape;
  std::vector<std::uint16_t> d;
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (std::int64_t l = 0; l < s.k; ++l) {
        sum += element(o.a.data(), problem.a, i * s.k + l) *
               element(o.b.data(), problem.b, j * s.k + l);
      }
      float value = static_cast<float>(sum) * scale(o.scale_a, problem.scales.a, i) *
                    scale(o.scale_b, problem.scales.b, j);
      if (problem.bias) value += operands::bf16_to_float(o.bias_bf16.as<const std::uint16_t>()[j]);
      d.push_back(operands::float_to_bf16(value));
    }
  }
  return d;
}

class FakeOperation final : public providers::Operation {
 public:
  FakeOperation(const FakeKernel& kernel, const GemmProblem& problem, FakeDevice& device,
                FakeCalls& calls)
      : kernel_(kernel), problem_(problem), device_(device), calls_(calls) {}

  void prepare(const providers::PrepareArgs& args) override {
    if (kernel_.fault == FakeFault::kThrowsInPrepare) throw std::runtime_error("cannot prepare");
    if (kernel_.fault == FakeFault::kLosesDeviceInPrepare) throw device::DeviceLost("device lost");
    ++calls_.prepared;
    result_ = multiply(problem_, args.operands);
    d_ = args.d;
    device_.spend(0.5);
  }
  void plan(const providers::PlanArgs& args) override {
    if (kernel_.fault == FakeFault::kThrowsInPlan) throw std::runtime_error("cannot plan");
    calls_.planned_budget_s = args.budget.count();
    calls_.copies = static_cast<int>(args.copies.size());
    if (kernel_.fault != FakeFault::kLosesDeviceInSearch) return;
    const providers::SearchScope scope{.gpu = "fake", .family = "fake"};
    for (const std::string& name : args.log->avoid(scope)) {
      if (name == "algorithm 7") return;
    }
    args.log->trying("algorithm 7", scope);
    throw device::DeviceLost("device lost by 7");
  }
  void launch(providers::WeightCopy weights) override {
    ++calls_.launched;
    if (kernel_.fault == FakeFault::kThrowsInVerification)
      throw std::runtime_error("cannot launch");
    // The runner verifies before it makes the first loop.
    const bool sampled = !device_.loops().empty();
    if (sampled && kernel_.fault == FakeFault::kThrowsWhenSampled) {
      throw std::runtime_error("cannot go on");
    }
    if (device_.loops().size() > 2 && kernel_.fault == FakeFault::kThrowsUnderLoad) {
      throw std::runtime_error("cannot bear it");
    }
    if (sampled && kernel_.fault == FakeFault::kLosesDeviceWhenSampled) {
      throw device::DeviceLost("device lost");
    }
    const std::int64_t room = providers::output_rows(problem_.shape.m) * problem_.shape.n;
    const std::int64_t written = problem_.batch - (kernel_.fault == FakeFault::kLacksLast ? 1 : 0);
    for (std::int64_t i = 0; i < written; ++i) {
      std::memcpy(static_cast<std::uint16_t*>(d_) + i * room, result_.data(),
                  result_.size() * sizeof(result_.front()));
    }
    if (kernel_.fault == FakeFault::kWrongResult) static_cast<std::uint16_t*>(d_)[0] ^= 0x80U;
    const auto* packed = static_cast<const unsigned char*>(weights.data);
    if (packed[0] != kPacked || packed[kernel_.weight_bytes - 1] != kPacked) {
      throw std::logic_error("launched with weights that nobody packed");
    }
    device_.spend(kernel_.launch_s);
  }
  [[nodiscard]] std::string algorithm() const override { return "loop"; }
  [[nodiscard]] std::string architecture() const override { return "portable"; }
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }
  [[nodiscard]] std::string copies() const override { return kernel_.copies; }

 private:
  const FakeKernel& kernel_;
  GemmProblem problem_;
  FakeDevice& device_;
  FakeCalls& calls_;
  std::vector<std::uint16_t> result_;
  void* d_ = nullptr;
};

}  // namespace

std::size_t FakeProvider::index(const std::string& kernel) const {
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    if (kernels_[i].info.name == kernel) return i;
  }
  throw std::logic_error("no fake kernel " + kernel);
}

std::vector<providers::KernelInfo> FakeProvider::kernels() const {
  std::vector<providers::KernelInfo> infos;
  for (const FakeKernel& kernel : kernels_) infos.push_back(kernel.info);
  return infos;
}

providers::Support FakeProvider::supports(const providers::KernelInfo& kernel,
                                          const GemmProblem& /*problem*/) const {
  const FakeKernel& fake = kernels_[index(kernel.name)];
  ++calls_[index(kernel.name)].asked;
  if (fake.fault == FakeFault::kThrowsInSupports) throw std::runtime_error("cannot tell");
  if (fake.unsupported) return providers::Support::no(*fake.unsupported);
  return providers::Support::yes();
}

providers::Footprint FakeProvider::footprint(const providers::KernelInfo& kernel,
                                             const GemmProblem& /*problem*/,
                                             int /*threads*/) const {
  const FakeKernel& fake = kernels_[index(kernel.name)];
  ++calls_[index(kernel.name)].asked;
  return {.weights = {.key = "fake/" + (fake.weights_key.empty() ? kernel.name : fake.weights_key),
                      .bytes = fake.weight_bytes}};
}

std::optional<providers::Guess> FakeProvider::guess(const providers::KernelInfo& kernel,
                                                    const GemmProblem& /*problem*/) const {
  const FakeKernel& fake = kernels_[index(kernel.name)];
  ++calls_[index(kernel.name)].guessed;
  if (!fake.guesses) return std::nullopt;
  return providers::Guess{
      .support =
          fake.unsupported ? providers::Support::no(*fake.unsupported) : providers::Support::yes(),
      .footprint = {.weights = {.key = "fake/about", .bytes = std::size_t{1} << 20}}};
}

void FakeProvider::pack(const providers::KernelInfo& kernel, const GemmProblem& /*problem*/,
                        const providers::PackTask& task) const {
  const std::size_t i = index(kernel.name);
  ++calls_[i].packed;
  std::memset(task.packed, kPacked, kernels_[i].weight_bytes);
}

std::unique_ptr<providers::Operation> FakeProvider::make_operation(
    const providers::KernelInfo& kernel, const GemmProblem& problem) const {
  const std::size_t i = index(kernel.name);
  return std::make_unique<FakeOperation>(kernels_[i], problem, device_, calls_[i]);
}

}  // namespace twofour::testing
