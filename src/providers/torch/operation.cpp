#include "providers/torch/operation.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "device/cuda/error.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/torch/rules.h"

namespace twofour::providers::torch {
namespace {

using ErrorText = std::array<char, 512>;

std::int32_t torch_type(DataType type) {
  if (type == DataType::kFp8E4m3) return kTwofourTorchFp8E4m3;
  return type == DataType::kBf16 ? kTwofourTorchBf16 : kTwofourTorchFp16;
}

}  // namespace

MatmulOperation::MatmulOperation(const TwofourTorchModule& module, const KernelInfo& kernel,
                                 const GemmProblem& problem)
    : module_(module), kernel_(kernel), problem_(problem), job_(nullptr, module.destroy) {}

void MatmulOperation::prepare(const PrepareArgs& args) {
  architecture_ = args.device.info().architecture;
  const operands::Operands& operands = args.operands;
  TwofourTorchJob& job = description_;
  job.m = problem_.shape.m;
  job.n = problem_.shape.n;
  job.k = problem_.shape.k;
  job.type = torch_type(problem_.a);
  job.d_type = torch_type(problem_.d);
  job.scaled = kernel_.scaled ? 1 : 0;
  job.fast_accumulation = kernel_.accumulation == Accumulation::kFp8Fast ? 1 : 0;
  job.a = operands.a.data();
  job.per_row = scales_by_row(problem_) ? 1 : 0;
  job.scale_a = operands.scale_a.data();
  job.scale_b = operands.scale_b.data();
  if (scales_by_row(problem_)) {
    job.scale_a = as_scale_vector(args.device, operands.scale_a, job.m, scale_a_);
    job.scale_b = as_scale_vector(args.device, operands.scale_b, job.n, scale_b_);
  }
  job.d = args.d;
  job.stream = device::stream_of(args.device);
}

void MatmulOperation::plan(const PlanArgs& args) {
  std::vector<const void*> copies;
  for (const WeightCopy& copy : args.copies) copies.push_back(copy.data);
  TwofourTorchJob job = description_;
  job.weights = copies.data();
  job.copies = static_cast<std::int32_t>(copies.size());
  ErrorText error{};
  job_.reset(module_.make(&job, error.data(), error.size()));
  if (job_ == nullptr) device::cuda::throw_failure(fmt::format("PyTorch: {}", error.data()));
  // What PyTorch allocates for its first product of a kind must not be timed.
  launch(args.copies.front());
  args.device.memory().synchronize();
}

void MatmulOperation::launch(WeightCopy weights) {
  ErrorText error{};
  if (module_.launch(job_.get(), weights.slot, error.data(), error.size()) == 0) return;
  device::cuda::throw_failure(fmt::format("PyTorch: {}", error.data()));
}

std::string MatmulOperation::algorithm() const {
  return kernel_.scaled ? "at::_scaled_mm_out" : "at::mm_out";
}

}  // namespace twofour::providers::torch
