#include "providers/cpu/operation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/parallel.h"

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

/// Panels that together write whole cache lines of D, so that two threads never share one.
std::int64_t panels_of_a_line(const Kernel& kernel, DataType d) {
  const std::int64_t columns = elements_in(d, kCacheLineBytes);
  return std::max<std::int64_t>(1, columns / kernel.panel_columns);
}

}  // namespace

WeightLayout weight_layout(const Kernel& kernel, const GemmShape& shape) {
  const std::size_t bytes = kernel.packed_b_bytes(shape.n, shape.k);
  return {
      .key = fmt::format("cpu/{}/{}/{}/{}", info(kernel.type).kernel_name,
                         to_string(kernel.sparsity), to_string(kernel.isa), kernel.panel_columns),
      .bytes = bytes,
      .unit_bytes = bytes / static_cast<std::size_t>(panel_count(kernel, shape.n))};
}

void pack_weights(const Kernel& kernel, const GemmShape& shape, const PackTask& task) {
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

std::size_t workspace_bytes(const Kernel& kernel, const GemmShape& shape, int threads) {
  return kernel.packed_a_bytes(shape.m, shape.k) +
         static_cast<std::size_t>(threads) * scratch_stride(kernel, shape);
}

void CpuOperation::prepare(const PrepareArgs& args) {
  const GemmShape& shape = problem_.shape;
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
  packed_a_ = args.device.memory().allocate(kernel_.packed_a_bytes(shape.m, shape.k));
  scratch_stride_ = scratch_stride(kernel_, shape);
  if (scratch_stride_ != 0) {
    scratch_ = args.device.memory().allocate(static_cast<std::size_t>(threads_) * scratch_stride_);
  }
}

void CpuOperation::pack_activations() {
  const GemmShape& shape = problem_.shape;
  const std::int64_t tasks = pack_a_task_count(kernel_, shape.m, shape.k);
  const auto pack_a = [&](int thread, int threads) {
    const Range share = thread_share(tasks, thread, threads);
    if (share.begin >= share.end) return;
    kernel_.pack_a({.activations = activations_,
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
  const GemmShape& shape = problem_.shape;
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

std::string CpuOperation::algorithm() const { return std::string(kernel_.name); }

std::string CpuOperation::architecture() const { return std::string(to_string(kernel_.isa)); }

std::string CpuOperation::remark() const {
  if (kernel_.isa != Isa::kAmx || problem_.sparsity != Sparsity::kTwoFour) return {};
  return "AMX has no sparse instruction: expanding 2:4 weights takes time beside the "
         "multiplications and saves only weight bytes";
}

GemmShape CpuOperation::executed() const {
  const GemmShape& shape = problem_.shape;
  return {.m = shape.m,
          .n = round_up(shape.n, kernel_.panel_columns),
          .k = round_up(shape.k, kernel_.k_multiple)};
}

}  // namespace twofour::providers::cpu
