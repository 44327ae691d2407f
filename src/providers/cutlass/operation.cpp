#include "providers/cutlass/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "device/cuda/cuda_stream.h"
#include "providers/gpu_search/gpu_search.h"

namespace twofour::providers::cutlass {
namespace {

constexpr std::size_t kAlignment = 256;

/// Where the metadata begins in a packed copy.
std::size_t metadata_offset(const Architecture& architecture, const GemmProblem& problem) {
  const std::size_t values = architecture.values_bytes(problem.shape.n, problem.shape.k, problem.b);
  return (values + kAlignment - 1) / kAlignment * kAlignment;
}

bool sparse(const GemmProblem& problem) { return problem.sparsity == Sparsity::kTwoFour; }

/// A candidate with the launches that a search has made ready so far.
class Trial {
 public:
  Trial(const Candidate& candidate, std::size_t copies, void* workspace)
      : candidate_(candidate), workspace_(workspace), launches_(copies) {}

  void make_ready(int slot, const GemmArguments& arguments) {
    auto& launch = launches_[static_cast<std::size_t>(slot)];
    if (!launch) launch = candidate_.kernel->prepare(arguments, candidate_.tactic, workspace_);
  }
  void launch(int slot, cudaStream_t stream) {
    launches_[static_cast<std::size_t>(slot)]->launch(stream);
  }
  [[nodiscard]] std::vector<std::unique_ptr<PreparedLaunch>> take() { return std::move(launches_); }

 private:
  Candidate candidate_;
  void* workspace_;
  std::vector<std::unique_ptr<PreparedLaunch>> launches_;
};

}  // namespace

WeightLayout weight_layout(const Architecture& architecture, const GemmProblem& problem) {
  const GemmShape& shape = problem.shape;
  return {
      .key = fmt::format("cutlass/{}/{}", info(problem.b).kernel_name, to_string(problem.sparsity)),
      .bytes = sparse(problem) ? metadata_offset(architecture, problem) +
                                     architecture.metadata_bytes(shape.n, shape.k)
                               : bytes_of(problem.b, shape.n * shape.k)};
}

void pack_weights(const Architecture& architecture, const GemmProblem& problem,
                  const PackTask& task) {
  const Buffer& b = task.weights;
  if (!sparse(problem)) return task.device.memory().copy(task.packed, b.data(), b.bytes());
  auto* start = static_cast<std::uint8_t*>(task.packed);
  architecture.compress(problem.b, b.data(), problem.shape.n, problem.shape.k, start,
                        start + metadata_offset(architecture, problem),
                        device::stream_of(task.device));
}

CutlassOperation::CutlassOperation(const Architecture& own, KernelInfo kernel,
                                   const GemmProblem& problem, std::string library, bool fixed)
    : own_(own),
      kernel_(std::move(kernel)),
      problem_(problem),
      library_(std::move(library)),
      fixed_(fixed) {}

void CutlassOperation::prepare(const PrepareArgs& args) {
  stream_ = device::stream_of(args.device);
  const operands::Operands& operands = args.operands;
  arguments_ = {.gpu = args.device.id().ordinal,
                .multiprocessors = device::multiprocessors_of(args.device),
                .shape = problem_.shape,
                .activations = operands.a.data(),
                .d = args.d,
                .scale_a = operands.scale_a.as<const float>(),
                .scale_b = operands.scale_b.as<const float>(),
                .scale_a_per_row = problem_.scales.a == ScaleGranularity::kVector,
                .scale_b_per_column = problem_.scales.b == ScaleGranularity::kVector,
                .bias = problem_.bias ? operands.bias(problem_.d) : nullptr};
}

GemmArguments CutlassOperation::arguments(WeightCopy weights) const {
  GemmArguments arguments = arguments_;
  arguments.weights = weights.data;
  if (sparse(problem_)) {
    arguments.metadata =
        static_cast<const std::uint8_t*>(weights.data) + metadata_offset(own_, problem_);
  }
  return arguments;
}

std::vector<Candidate> CutlassOperation::usable_candidates(const PlanArgs& args) {
  const std::vector<const Kernel*> own_kernels = kernels_for(own_.architecture, kernels());
  std::vector<Candidate> list =
      fixed_ ? own_.fixed_candidate(own_kernels, problem_)
             : own_.candidates(own_kernels, problem_, device::multiprocessors_of(args.device));
  std::size_t workspace = 0;
  std::erase_if(list, [&](const Candidate& candidate) {
    if (candidate.kernel->traits().scheduler == Scheduler::kTiles) return false;
    const std::size_t bytes =
        candidate.kernel->workspace_bytes(arguments(args.copies.front()), candidate.tactic);
    if (bytes > kMostWorkspaceBytes) return true;
    workspace = std::max(workspace, bytes);
    return false;
  });
  if (list.empty()) throw std::runtime_error("no CUTLASS kernel of this build takes the problem");
  reserve_workspace(args.device, workspace);
  return list;
}

void CutlassOperation::reserve_workspace(device::Device& device, std::size_t bytes) {
  if (bytes <= workspace_.bytes()) return;
  device.memory().synchronize();  // launches may still use the old one
  workspace_ = device.memory().allocate(bytes);
}

void CutlassOperation::plan(const PlanArgs& args) {
  launches_.clear();
  choose(usable_candidates(args), args);
}

void CutlassOperation::choose(const std::vector<Candidate>& list, const PlanArgs& args) {
  std::vector<std::shared_ptr<Trial>> trials;
  std::vector<LaunchCandidate> race;
  for (const Candidate& candidate : list) {
    auto trial = std::make_shared<Trial>(candidate, args.copies.size(), workspace_.data());
    race.push_back(
        {.name = name_of(candidate),
         .kernel = to_string(candidate.kernel->traits()),
         .launch = [trial, this](WeightCopy weights) { trial->launch(weights.slot, stream_); },
         .ready =
             [trial, this](WeightCopy weights) {
               trial->make_ready(weights.slot, arguments(weights));
             }});
    trials.push_back(std::move(trial));
  }
  const LaunchChoice choice =
      choose_launch(race, args,
                    search_subject(args.device, library_, kernel_.name, problem_, args.cache,
                                   fixed_ ? "fixed" : ""));
  Trial& winner = *trials[choice.index];
  for (const WeightCopy& copy : args.copies) winner.make_ready(copy.slot, arguments(copy));
  algorithm_ = race[choice.index].name;
  launches_ = winner.take();
}

void CutlassOperation::use(device::Device& device, const Candidate& candidate,
                           std::span<const WeightCopy> copies) {
  reserve_workspace(device,
                    candidate.kernel->workspace_bytes(arguments(copies.front()), candidate.tactic));
  launches_.clear();
  for (const WeightCopy& copy : copies) {
    launches_.push_back(
        candidate.kernel->prepare(arguments(copy), candidate.tactic, workspace_.data()));
  }
  algorithm_ = name_of(candidate);
}

GemmShape CutlassOperation::executed() const {
  GemmShape shape = problem_.shape;
  if (sparse(problem_)) shape.k = own_.packed_k(shape.k, problem_.b);
  return shape;
}

void CutlassOperation::launch(WeightCopy weights) {
  launches_[static_cast<std::size_t>(weights.slot)]->launch(stream_);
}

}  // namespace twofour::providers::cutlass
