#include "providers/cusparselt/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <utility>

#include "device/cuda/cuda_stream.h"
#include "providers/cusparselt/rules.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/gpu_search/gpu_search.h"

namespace twofour::providers::cusparselt {
namespace {

/// Memory behind the workspace that the library asks for. Version 0.8 reaches past it: on an H200
/// the same 32 searches of fp8 lost the GPU to illegal memory accesses four times without this
/// margin, in each of four runs (with a zeroed workspace and on a blocking stream too), and never
/// with it.
constexpr std::size_t kWorkspaceMargin = std::size_t{64} << 20;

std::vector<float> to_host(device::Device& device, const Buffer& scales) {
  std::vector<float> values(scales.bytes() / sizeof(float));
  device.memory().copy_to_host(values.data(), scales.data(), scales.bytes());
  return values;
}

/// Whether one of `names` is of this algorithm, however K is split; true when there are none.
bool may_be_named(const Configuration& configuration, const std::vector<std::string>& names) {
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           return name.starts_with(fmt::format("configuration={} ", configuration.id));
         });
}

}  // namespace

void compress_weights(const Description& description, const GemmProblem& problem,
                      const PackTask& task) {
  const CompressedSize size = description.compressed_size();
  const Buffer scratch = task.device.memory().allocate(size.scratch);
  const void* weights = task.weights.data();
  Buffer of_each;
  if (problem.batch > 1) {
    of_each = task.device.memory().allocate(dense_layout("cusparselt", problem).bytes);
    repeat(task.device, task.weights, of_each.data(), of_each.bytes());
    weights = of_each.data();
  }
  // The library may leave padding unwritten; copies are compared and checked as a whole.
  task.device.memory().fill_bytes(task.packed, 0, size.weight);
  description.compress(weights, task.packed, scratch.data(), device::stream_of(task.device));
  task.device.memory().synchronize();  // before the scratch memory goes
}

MatmulOperation::MatmulOperation(std::shared_ptr<const Handle> handle, std::string kernel,
                                 const GemmProblem& problem)
    : handle_(std::move(handle)), kernel_(std::move(kernel)), problem_(problem) {}

void MatmulOperation::pad_activations(const PrepareArgs& args) {
  const Buffer& a = args.operands.a;
  a_ = a.data();
  const std::size_t bytes = activation_bytes(problem_);
  if (bytes == 0) return;
  padded_a_ = args.device.memory().allocate(bytes);
  args.device.memory().fill_bytes(padded_a_.data(), 0, bytes);
  const std::size_t step = bytes / static_cast<std::size_t>(problem_.batch);
  for (std::size_t at = 0; at < bytes; at += step) {
    args.device.memory().copy(padded_a_.as<std::byte>() + at, a.data(), a.bytes());
  }
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
  alpha_by_channel_ = args.device.memory().allocate(bytes);
  args.device.memory().copy_from_host(alpha_by_channel_.data(), products.data(), bytes);
}

void MatmulOperation::prepare(const PrepareArgs& args) {
  stream_ = device::stream_of(args.device);
  architecture_ = args.device.info().architecture;
  d_ = args.d;
  description_.emplace(handle_, problem_, problem_.bias ? args.operands.bias(problem_.d) : nullptr);
  pad_activations(args);
  combine_scales(args);
  plan_ = std::make_unique<Plan>(*description_, Configuration{});
  reserve_workspace(args.device, plan_->workspace_bytes());
}

void MatmulOperation::reserve_workspace(device::Device& device, std::size_t bytes) {
  bytes += kWorkspaceMargin;
  if (!workspace_.empty() && workspace_.bytes() >= bytes) return;
  device.memory().synchronize();  // launches may still use the old one
  workspace_ = device.memory().allocate(bytes);
}

/// All that the library has: some two dozen, so that a search reaches every one.
std::vector<Configuration> MatmulOperation::configurations() const {
  std::vector<Configuration> all;
  for (int id = 0; id < plan_->count(); ++id) {
    for (const int split_k : {1, -1}) all.push_back({id, split_k});
  }
  return all;
}

/// One for each configuration that the library accepts for this problem; of the algorithms in
/// `names` alone, if there are any.
std::vector<std::unique_ptr<Plan>> MatmulOperation::make_plans(
    const std::vector<std::string>& names) const {
  std::vector<std::unique_ptr<Plan>> plans;
  std::set<std::string> made;
  for (const Configuration& configuration : configurations()) {
    if (!may_be_named(configuration, names)) continue;
    try {
      auto plan = std::make_unique<Plan>(*description_, configuration);
      // Where the library has one way to split K only, it takes that whatever is asked for.
      const std::string name = to_string(plan->configuration());
      if (made.insert(name).second) plans.push_back(std::move(plan));
    } catch (const std::runtime_error&) {
      continue;
    }
  }
  return plans;
}

void MatmulOperation::plan(const PlanArgs& args) {
  if (args.budget.count() <= 0 || !may_search(problem_)) return;
  // The library counts its algorithms afresh for each output type.
  const SearchSubject subject =
      search_subject(args.device, "cusparselt " + handle_->version(), kernel_, problem_, args.cache,
                     info(problem_.d).kernel_name);
  std::vector<std::unique_ptr<Plan>> plans = make_plans(names_to_try(subject));
  if (plans.empty()) plans = make_plans({});
  std::size_t workspace_bytes = 0;
  std::vector<LaunchCandidate> candidates;
  for (const std::unique_ptr<Plan>& plan : plans) {
    workspace_bytes = std::max(workspace_bytes, plan->workspace_bytes());
    candidates.push_back(
        {.name = to_string(plan->configuration()),
         .launch = [this, p = plan.get()](WeightCopy weights) { p->launch(arguments(weights)); }});
  }
  reserve_workspace(args.device, workspace_bytes);
  plan_ = std::move(plans[choose_launch(candidates, args, subject).index]);
}

Arguments MatmulOperation::arguments(WeightCopy weights) const {
  const bool by_channel = !alpha_by_channel_.empty();
  return {.alpha = by_channel ? alpha_by_channel_.data() : static_cast<const void*>(&alpha_),
          .weight = weights.data,
          .a = a_,
          .d = d_,
          .workspace = workspace_.data(),
          .stream = stream_};
}

void MatmulOperation::launch(WeightCopy weights) { plan_->launch(arguments(weights)); }

GemmShape MatmulOperation::executed() const {
  GemmShape shape = problem_.shape;
  shape.m = padded_rows(shape.m, problem_.a);
  return shape;
}

}  // namespace twofour::providers::cusparselt
