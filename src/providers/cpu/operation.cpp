#include "providers/cpu/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "operands/six_eight.h"

namespace twofour::providers::cpu {
namespace {

// Packing fewer elements of A than this on one thread takes less time than waking the other
// threads.
constexpr std::int64_t kPackAloneElements = 32 * 1024;

constexpr std::int64_t kCacheLineBytes = 64;

std::size_t scratch_stride(const Kernel& kernel, const GemmShape& shape) {
  if (kernel.scratch_bytes == nullptr) return 0;
  return static_cast<std::size_t>(
      round_up(static_cast<std::int64_t>(kernel.scratch_bytes(shape)), kCacheLineBytes));
}

bool expands(const GemmProblem& problem) { return problem.sparsity == Sparsity::kSixEight; }

/// Of the activations.
std::size_t expanded_bytes(const GemmProblem& problem) {
  if (!expands(problem)) return 0;
  return bytes_of(problem.a, problem.shape.m * operands::expanded_k(problem.shape.k));
}

/// Expands the columns of a panel just before they are packed, so that no second copy of the
/// weights is needed. A panel's place in the packed weights follows from its number alone.
void pack_expanded(const Kernel& kernel, const GemmProblem& problem, const PackTask& task) {
  const auto [m, n, k] = problem.shape;
  const std::int64_t wide = operands::expanded_k(k);
  const std::int64_t columns = kernel.panel_columns;
  const std::size_t panel_bytes = weight_layout(kernel, problem).unit_bytes;
  const std::size_t row_bytes = bytes_of(problem.b, k);
  parallel_run(task.threads, [&](int thread, int threads) {
    const Range share = thread_share(panel_count(kernel, n), thread, threads);
    std::vector<std::byte> expanded(bytes_of(problem.b, columns * wide));
    for (std::int64_t panel = share.begin; panel < share.end; ++panel) {
      const std::int64_t count = std::min(columns, n - panel * columns);
      operands::expand_weights(problem.b,
                               task.weights.as<const std::byte>() +
                                   static_cast<std::size_t>(panel * columns) * row_bytes,
                               count, k, expanded.data());
      kernel.pack_b({.weights = expanded.data(),
                     .n = count,
                     .k = wide,
                     .packed_b = static_cast<std::byte*>(task.packed) +
                                 static_cast<std::size_t>(panel) * panel_bytes,
                     .panels = {0, 1}});
    }
  });
}

/// Panels that together write whole cache lines of D, so that two threads never share one.
std::int64_t panels_of_a_line(const Kernel& kernel, DataType d) {
  const std::int64_t columns = elements_in(d, kCacheLineBytes);
  return std::max<std::int64_t>(1, columns / kernel.panel_columns);
}

}  // namespace

GemmShape multiplied_shape(const GemmProblem& problem) {
  GemmShape shape = problem.shape;
  if (expands(problem)) shape.k = operands::expanded_k(shape.k);
  return shape;
}

WeightLayout weight_layout(const Kernel& kernel, const GemmProblem& problem) {
  const GemmShape shape = multiplied_shape(problem);
  const std::size_t bytes = kernel.packed_b_bytes(shape.n, shape.k);
  return {.key = fmt::format("cpu/{}/{}/{}/{}", info(kernel.type).kernel_name,
                             to_string(expands(problem) ? problem.sparsity : kernel.sparsity),
                             to_string(kernel.isa), kernel.panel_columns),
          .bytes = bytes,
          .unit_bytes = bytes / static_cast<std::size_t>(panel_count(kernel, shape.n))};
}

void pack_weights(const Kernel& kernel, const GemmProblem& problem, const PackTask& task) {
  if (expands(problem)) return pack_expanded(kernel, problem, task);
  const GemmShape& shape = problem.shape;
  parallel_run(task.threads, [&](int thread, int threads) {
    const Range share = thread_share(panel_count(kernel, shape.n), thread, threads);
    if (share.begin >= share.end) return;
    kernel.pack_b({.weights = task.weights.data(),
                   .n = shape.n,
                   .k = shape.k,
                   .packed_b = static_cast<std::byte*>(task.packed),
                   .panels = share});
  });
}

std::size_t workspace_bytes(const Kernel& kernel, const GemmProblem& problem, int threads) {
  const GemmShape shape = multiplied_shape(problem);
  return expanded_bytes(problem) + kernel.packed_a_bytes(shape.m, shape.k) +
         static_cast<std::size_t>(threads) * scratch_stride(kernel, shape);
}

void CpuOperation::prepare(const PrepareArgs& args) {
  const GemmShape& shape = shape_;
  threads_ = args.threads;
  const std::int64_t units = block_count(panel_count(kernel_, shape.n),
                                         static_cast<int>(panels_of_a_line(kernel_, problem_.d)));
  grid_ = choose_grid(threads_, units, block_count(kernel_, shape.m, shape.k));
  activations_ = args.operands.a.data();
  // A kernel without scales shares its operands with kernels that have them.
  static constexpr float kOne = 1.0F;
  const bool scaled_a = problem_.scales.a != ScaleGranularity::kNone;
  const bool scaled_b = problem_.scales.b != ScaleGranularity::kNone;
  output_ = {.scale_a = scaled_a ? args.operands.scale_a.as<const float>() : &kOne,
             .scale_b = scaled_b ? args.operands.scale_b.as<const float>() : &kOne,
             .scale_a_per_row = problem_.scales.a == ScaleGranularity::kVector,
             .scale_b_per_column = problem_.scales.b == ScaleGranularity::kVector,
             .bias = problem_.bias ? args.operands.bias(problem_.d) : nullptr,
             .d_type = problem_.d,
             .d = args.d};
  if (expands(problem_)) expanded_ = args.device.memory().allocate(expanded_bytes(problem_));
  packed_a_ = args.device.memory().allocate(kernel_.packed_a_bytes(shape.m, shape.k));
  scratch_stride_ = scratch_stride(kernel_, shape);
  if (scratch_stride_ != 0) {
    scratch_ = args.device.memory().allocate(static_cast<std::size_t>(threads_) * scratch_stride_);
  }
}

void CpuOperation::expand_activations() {
  const auto [m, n, k] = problem_.shape;
  const std::size_t row_bytes = bytes_of(problem_.a, k);
  const std::size_t expanded_row_bytes = bytes_of(problem_.a, shape_.k);
  const auto expand = [&](int thread, int threads) {
    const Range rows = thread_share(m, thread, threads);
    if (rows.begin >= rows.end) return;
    const auto first = static_cast<std::size_t>(rows.begin);
    operands::expand_activations(
        problem_.a, static_cast<const std::byte*>(activations_) + first * row_bytes,
        rows.end - rows.begin, k, expanded_.as<std::byte>() + first * expanded_row_bytes);
  };
  if (m * shape_.k <= kPackAloneElements) {
    expand(0, 1);
  } else {
    parallel_run(threads_, expand);
  }
}

void CpuOperation::pack_activations() {
  const GemmShape& shape = shape_;
  const void* activations = expands(problem_) ? expanded_.data() : activations_;
  const std::int64_t tasks = pack_a_task_count(kernel_, shape.m, shape.k);
  const auto pack_a = [&](int thread, int threads) {
    const Range share = thread_share(tasks, thread, threads);
    if (share.begin >= share.end) return;
    kernel_.pack_a({.activations = activations,
                    .m = shape.m,
                    .k = shape.k,
                    .packed_a = packed_a_.as<std::byte>(),
                    .tasks = share});
  };
  if (shape.m * shape.k <= kPackAloneElements) {
    pack_a(0, 1);
  } else {
    parallel_run(threads_, pack_a);
  }
}

void CpuOperation::launch(WeightCopy weights) {
  const GemmShape& shape = shape_;
  if (expands(problem_)) expand_activations();
  pack_activations();
  parallel_run(threads_, [&](int thread, int) {
    const int across = thread % grid_.across;
    const int down = thread / grid_.across;
    if (down >= grid_.down) return;
    const Range panels = thread_share(panel_count(kernel_, shape.n), across, grid_.across,
                                      panels_of_a_line(kernel_, problem_.d));
    const Range blocks = thread_share(block_count(kernel_, shape.m, shape.k), down, grid_.down);
    if (panels.begin >= panels.end || blocks.begin >= blocks.end) return;
    std::byte* scratch = scratch_.as<std::byte>();
    if (scratch != nullptr) scratch += static_cast<std::size_t>(thread) * scratch_stride_;
    kernel_.run({.shape = shape,
                 .packed_b = static_cast<const std::byte*>(weights.data),
                 .packed_a = packed_a_.as<std::byte>(),
                 .scratch = scratch,
                 .panels = panels,
                 .blocks = blocks,
                 .output = output_});
  });
}

std::string CpuOperation::algorithm() const {
  std::string name(kernel_.name);
  if (kernel_.dense_is_meant != nullptr && kernel_.dense_is_meant(shape_.m, shape_.k)) {
    name += " (dense is meant here)";
  }
  return name;
}

std::string CpuOperation::architecture() const { return std::string(to_string(kernel_.isa)); }

std::string CpuOperation::remark() const {
  if (expands(problem_)) return std::string(kSixEightRemark);
  if (kernel_.isa != Isa::kAmx || problem_.sparsity != Sparsity::kTwoFour) return {};
  return "AMX has no sparse instruction: expanding 2:4 weights takes time beside the "
         "multiplications and saves only weight bytes";
}

GemmShape CpuOperation::executed() const {
  const GemmShape& shape = shape_;
  return {.m = shape.m,
          .n = round_up(shape.n, kernel_.panel_columns),
          .k = round_up(shape.k, kernel_.k_multiple)};
}

}  // namespace twofour::providers::cpu
