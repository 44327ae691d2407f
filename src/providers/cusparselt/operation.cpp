#include "providers/cusparselt/operation.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "device/cuda/cuda_stream.h"
#include "providers/cusparselt/rules.h"

namespace twofour::providers::cusparselt {
namespace {

std::vector<float> to_host(device::Device& device, const Buffer& scales) {
  std::vector<float> values(scales.bytes() / sizeof(float));
  device.copy_to_host(values.data(), scales.data(), scales.bytes());
  return values;
}

}  // namespace

std::string weights_key(const GemmProblem& problem) {
  return fmt::format("cusparselt/{}", info(problem.b).kernel_name);
}

MatmulOperation::MatmulOperation(std::shared_ptr<const Handle> handle, const GemmProblem& problem)
    : handle_(std::move(handle)), problem_(problem) {}

void MatmulOperation::compress_weights(const PrepareArgs& args) {
  weights_ = args.shared.get<CompressedWeights>(
      weights_key(problem_), [] { return std::make_shared<CompressedWeights>(); });
  const CompressedSize size = description_->compressed_size();
  Buffer scratch;
  while (weights_->copies.size() < static_cast<std::size_t>(args.copies)) {
    Buffer copy = args.device.allocate(size.weight);
    if (weights_->copies.empty()) {
      scratch = args.device.allocate(size.scratch);
      // The library may leave padding unwritten; copies are compared and checked as a whole.
      args.device.fill_bytes(copy.data(), 0, size.weight);
      description_->compress(args.operands.b.data(), copy.data(), scratch.data(), stream_);
    } else {
      device::copy_on_gpu(args.device, copy.data(), weights_->copies.front().data(), size.weight);
    }
    weights_->copies.push_back(std::move(copy));
  }
  args.device.synchronize();  // before the scratch memory goes
}

void MatmulOperation::pad_activations(const PrepareArgs& args) {
  const Buffer& a = args.operands.a;
  a_ = a.data();
  const std::int64_t rows = executed().m;
  if (rows == problem_.shape.m) return;
  const auto bytes = static_cast<std::size_t>(rows * problem_.shape.k) *
                     static_cast<std::size_t>(size_of(problem_.a));
  padded_a_ = args.device.allocate(bytes);
  args.device.fill_bytes(padded_a_.data(), 0, bytes);
  device::copy_on_gpu(args.device, padded_a_.data(), a.data(), a.bytes());
  a_ = padded_a_.data();
}

void MatmulOperation::combine_scales(const PrepareArgs& args) {
  alpha_ = 1;
  if (problem_.scales.a == ScaleGranularity::kNone &&
      problem_.scales.b == ScaleGranularity::kNone) {
    return;
  }
  const float scale_a = to_host(args.device, args.operands.scale_a).front();
  std::vector<float> products = to_host(args.device, args.operands.scale_b);
  for (float& product : products) product *= scale_a;
  alpha_ = products.front();
  if (!scales_by_channel(problem_)) return;
  const std::size_t bytes = products.size() * sizeof(float);
  alpha_by_channel_ = args.device.allocate(bytes);
  args.device.copy_from_host(alpha_by_channel_.data(), products.data(), bytes);
}

void MatmulOperation::prepare(const PrepareArgs& args) {
  stream_ = device::stream_of(args.device);
  architecture_ = args.device.info().architecture;
  d_ = args.d;
  description_.emplace(handle_, problem_, problem_.bias ? args.operands.bias(problem_.d) : nullptr);
  compress_weights(args);
  pad_activations(args);
  combine_scales(args);
  plan_ = std::make_unique<Plan>(*description_, 0);
  workspace_ = args.device.allocate(plan_->workspace_bytes());
}

void MatmulOperation::plan(const PlanArgs& /*args*/) {}

Arguments MatmulOperation::arguments(int slot) const {
  const bool by_channel = !alpha_by_channel_.empty();
  return {.alpha = by_channel ? alpha_by_channel_.data() : static_cast<const void*>(&alpha_),
          .weight = weights_->copies[static_cast<std::size_t>(slot)].data(),
          .a = a_,
          .d = d_,
          .workspace = workspace_.data(),
          .stream = stream_};
}

void MatmulOperation::launch(int slot) { plan_->launch(arguments(slot)); }

std::vector<device::MemoryRange> MatmulOperation::weights(int slot) const {
  const Buffer& copy = weights_->copies[static_cast<std::size_t>(slot)];
  return {{copy.data(), copy.bytes()}};
}

GemmShape MatmulOperation::executed() const {
  GemmShape shape = problem_.shape;
  shape.m = padded_rows(shape.m, problem_.a);
  return shape;
}

}  // namespace twofour::providers::cusparselt
