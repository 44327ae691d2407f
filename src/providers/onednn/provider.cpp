// Dense matmuls of oneDNN: the baseline that a CPU's 2:4 kernels must beat.
#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/processor.h"
#include "providers/onednn/matmul.h"
#include "providers/onednn/operation.h"
#include "providers/provider.h"

namespace twofour::providers {
namespace onednn {
namespace {

dnnl::cpu_isa onednn_isa(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return dnnl::cpu_isa::sse41;  // the least that oneDNN knows
    case Isa::kAvx2:
      return dnnl::cpu_isa::avx2;
    case Isa::kAvx512:
      return dnnl::cpu_isa::avx512_core_vnni;
    case Isa::kAvx512Bf16:
      return dnnl::cpu_isa::avx512_core_fp16;  // the most without AMX
    case Isa::kAmx:
      break;
  }
  return dnnl::cpu_isa::isa_default;
}

/// Holds oneDNN to TWOFOUR_ISA, which it takes once in a process and before anything else. Where
/// the variable lowers nothing the library is left alone: it may know more than our own kernels do
/// (AVX-512 without VNNI), and the baseline must be the best there is.
bool limit_isa() {
  if (best_isa() == detected_isa()) return false;
  dnnl::set_max_cpu_isa(onednn_isa(best_isa()));
  return true;
}

class OnednnProvider final : public Provider {
 public:
  [[nodiscard]] std::string version() const override {
    const dnnl_version_t* v = dnnl_version();
    return fmt::format("{}.{}.{}", v->major, v->minor, v->patch);
  }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    std::vector<KernelInfo> kernels;
    for (const DataType type : {DataType::kBf16, DataType::kFp16}) {
      const std::string_view t = info(type).kernel_name;
      kernels.push_back({.name = fmt::format("onednn_{0}_{0}_{0}_matmul-no-scales", t),
                         .a = type,
                         .b = type,
                         .d = type,
                         .scaled = false});
    }
    for (const DataType type : {DataType::kInt8, DataType::kBf16, DataType::kFp16}) {
      const DataType d = type == DataType::kInt8 ? DataType::kBf16 : type;
      for (const bool bias : {false, true}) {
        kernels.push_back({.name = kernel_name("onednn", type, type, d, Sparsity::kDense, bias),
                           .a = type,
                           .b = type,
                           .d = d,
                           .bias = bias});
      }
    }
    return kernels;
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    if (problem.sparsity != Sparsity::kDense) return Support::no("dense only");
    try {
      // The reference code is there to compare with: some 10^7 multiply-adds a second, so that one
      // launch of a large layer takes hours. No baseline, then.
      const std::string implementation = describe_matmul(engine_, problem).impl_info_str();
      if (!implementation.starts_with("ref")) return Support::yes();
      return Support::no(
          fmt::format("oneDNN {} has only its reference code ({}) for {} on this CPU", version(),
                      implementation, info(kernel.a).kernel_name));
    } catch (const dnnl::error& error) {
      return Support::no(fmt::format("oneDNN {} has no {} matmul for this CPU ({})", version(),
                                     info(kernel.a).kernel_name, error.what()));
    }
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int threads) const override {
    const ThreadCount thread_count(threads);
    const dnnl::matmul::primitive_desc desc = describe_matmul(engine_, problem);
    return {.weights = {.key = layout_key(desc.weights_desc()),
                        .bytes = desc.weights_desc().get_size()},
            .workspace_bytes = desc.scratchpad_desc().get_size()};
  }

  /// To describe a matmul takes some 20 us, mostly whatever its shape; which code the library has
  /// for the types and this processor hardly depends on the shape, so a kernel is asked once. Its
  /// layouts are blocks of at most 64 x 64 elements; that the workspace is not known is little.
  [[nodiscard]] std::optional<Guess> guess(const KernelInfo& kernel,
                                           const GemmProblem& problem) const override {
    constexpr std::int64_t kBlock = 64;
    const auto blocks = [](std::int64_t size) { return (size + kBlock - 1) / kBlock * kBlock; };
    const std::lock_guard lock(guesses_mutex_);
    auto known = guesses_.find(kernel.name);
    if (known == guesses_.end()) {
      known = guesses_.emplace(kernel.name, supports(kernel, problem)).first;
    }
    return Guess{
        .support = known->second,
        .footprint = {.weights = {.key = "onednn/about",
                                  .bytes = bytes_of(problem.b, blocks(problem.shape.k) *
                                                                   blocks(problem.shape.n))}}};
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    const ThreadCount thread_count(task.threads);
    const dnnl::matmul::primitive_desc desc = describe_matmul(engine_, problem);
    dnnl::memory plain(plain_weights(problem), engine_, task.weights.data());
    dnnl::memory packed(desc.weights_desc(), engine_, task.packed);
    dnnl::stream stream(engine_);
    dnnl::reorder(plain, packed).execute(stream, plain, packed);
    stream.wait();
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& /*kernel*/, const GemmProblem& problem) const override {
    return std::make_unique<MatmulOperation>(engine_, problem);
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  mutable std::mutex guesses_mutex_;
  mutable std::map<std::string, Support> guesses_;  ///< by name of the kernel
};

}  // namespace
}  // namespace onednn

std::unique_ptr<Provider> make_onednn_provider(const device::Device& /*device*/) {
  [[maybe_unused]] static const bool limited = onednn::limit_isa();
  return std::make_unique<onednn::OnednnProvider>();
}

}  // namespace twofour::providers
