#include "providers/cpu/operation.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"

namespace twofour::providers::cpu {
namespace {

// Converting fewer activations than this costs less than waking the other threads.
constexpr std::int64_t kConvertAloneElements = 32 * 1024;

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

std::shared_ptr<std::vector<Buffer>> pack_weights(const Kernel& kernel, const GemmShape& shape,
                                                  const PrepareArgs& args) {
  const std::int64_t panels = panel_count(kernel, shape.n);
  const std::size_t bytes = kernel.packed_bytes(shape.n, shape.k);
  const std::size_t panel_bytes = bytes / static_cast<std::size_t>(panels);
  auto copies = std::make_shared<std::vector<Buffer>>();
  for (int i = 0; i < args.copies; ++i) copies->push_back(args.device.memory().allocate(bytes));
  // Each thread writes the panels it will read, so that they lie in its own NUMA node's memory.
  parallel_run(args.threads, [&](int thread, int threads) {
    const Range share = thread_share(panels, thread, threads);
    if (share.begin >= share.end) return;
    auto* first = copies->front().as<std::byte>();
    kernel.pack({.weights = args.operands.b.data(),
                 .n = shape.n,
                 .k = shape.k,
                 .packed = first,
                 .panels = share});
    const std::size_t offset = static_cast<std::size_t>(share.begin) * panel_bytes;
    const std::size_t length = static_cast<std::size_t>(share.end - share.begin) * panel_bytes;
    for (std::size_t i = 1; i < copies->size(); ++i) {
      std::memcpy((*copies)[i].as<std::byte>() + offset, first + offset, length);
    }
  });
  return copies;
}

}  // namespace

std::string weights_key(const Kernel& kernel) {
  std::string key{info(kernel.type).kernel_name};
  key += '/';
  key += to_string(kernel.sparsity);
  key += '/';
  key += to_string(kernel.isa);
  key += '/';
  key += std::to_string(kernel.panel_columns);
  return key;
}

std::size_t workspace_bytes(const Kernel& kernel, const GemmShape& shape, int threads) {
  return kernel.converted_bytes(shape.m, shape.k) +
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
  packed_ = args.shared.get<std::vector<Buffer>>(
      "cpu/" + weights_key(kernel_), [&] { return pack_weights(kernel_, shape, args); });
  converted_ = args.device.memory().allocate(kernel_.converted_bytes(shape.m, shape.k));
  scratch_stride_ = scratch_stride(kernel_, shape);
  if (scratch_stride_ != 0) {
    scratch_ = args.device.memory().allocate(static_cast<std::size_t>(threads_) * scratch_stride_);
  }
}

void CpuOperation::convert_activations() {
  const GemmShape& shape = problem_.shape;
  const std::int64_t units = convert_unit_count(kernel_, shape.m, shape.k);
  const auto convert = [&](int thread, int threads) {
    const Range share = thread_share(units, thread, threads);
    if (share.begin >= share.end) return;
    kernel_.convert({.activations = activations_,
                     .m = shape.m,
                     .k = shape.k,
                     .converted = converted_.as<std::byte>(),
                     .units = share});
  };
  if (shape.m * shape.k <= kConvertAloneElements) {
    convert(0, 1);
  } else {
    parallel_run(threads_, convert);
  }
}

void CpuOperation::launch(int slot) {
  const GemmShape& shape = problem_.shape;
  convert_activations();
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
                 .packed = (*packed_)[static_cast<std::size_t>(slot)].as<std::byte>(),
                 .converted = converted_.as<std::byte>(),
                 .scratch = scratch,
                 .panels = panels,
                 .blocks = blocks,
                 .output = output_});
  });
}

std::vector<device::MemoryRange> CpuOperation::weights(int slot) const {
  const Buffer& buffer = (*packed_)[static_cast<std::size_t>(slot)];
  return {{buffer.data(), buffer.bytes()}};
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
