// What a library of kernels is to this project. A provider is one folder with one CMakeLists.txt
// that calls twofour_add_provider(); docs/providers.md shows how to write one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/device_id.h"
#include "core/problem.h"
#include "core/search_mode.h"
#include "device/device.h"
#include "operands/operands.h"
#include "providers/search_log.h"

namespace twofour::providers {

/// One kernel in the contract's names. What a kernel computes is fixed but for shape and scale
/// scheme.
struct KernelInfo {
  std::string name;
  DataType a = DataType::kInt8;  ///< of activations as the kernel multiplies them
  DataType b = DataType::kInt8;  ///< of weights
  DataType d = DataType::kBf16;
  Sparsity sparsity = Sparsity::kDense;
  bool scaled = true;  ///< false: "matmul-no-scales"
  bool bias = false;
  Accumulation accumulation = Accumulation::kWide;
  /// Multiplies several GEMMs in one launch (GemmProblem::batch), and takes part only where a
  /// launch has several.
  bool batched = false;
  /// Run unless --kernels says otherwise. False for outputs that vLLM's sparse_benchmarks.py did
  /// not print.
  bool by_default = true;
  /// Largest M of all problems that it takes. A run says once that larger ones are beyond it
  /// (run/limits.h).
  std::optional<std::int64_t> most_m = {};
};

/// Yes, or no with the reason.
struct Support {
  std::optional<std::string> reason;
  static Support yes() { return {}; }
  static Support no(std::string why) { return {std::move(why)}; }
  explicit operator bool() const { return !reason.has_value(); }
};

/// Packed weights of one kernel on one problem. Who runs the kernel owns them: it allocates them,
/// has the provider pack the first copy and makes the others from that.
struct WeightLayout {
  /// All that the packed bytes depend on besides the weights themselves: provider, type, sparsity,
  /// layout. Kernels of a case share packed weights exactly where their keys are the same.
  std::string key;
  std::size_t bytes = 0;  ///< of one copy; 0: the kernel reads no packed weights
  /// On a CPU. Packed weights are units of this size, one after another, and thread t of T packs
  /// and reads units thread_share(bytes / unit_bytes, t, T), in every copy: each thread is the
  /// first to touch its share, which puts it into its own NUMA node's memory. 0: any part is
  /// anybody's.
  std::size_t unit_bytes = 0;
};

/// What running a kernel on a problem takes, known before anything is allocated.
struct Footprint {
  WeightLayout weights;
  std::size_t workspace_bytes = 0;  ///< everything else besides operands and D
};

/// What supports() and footprint() would say, more or less.
struct Guess {
  Support support;
  Footprint footprint;  ///< where it is supported
};

/// For Provider::pack().
struct PackTask {
  device::Device& device;
  /// operands::Operands::b, which each GEMM of a batch gets, or one such behind another for each.
  const Buffer& weights;
  void* packed = nullptr;  ///< WeightLayout::bytes, aligned as the device allocates
  int threads = 1;
};

/// One copy of a kernel's packed weights. All copies hold the same bytes.
struct WeightCopy {
  const void* data = nullptr;
  /// Place among PlanArgs::copies, for a library that prepares something for each address.
  int slot = 0;
};

/// Rows that D has room for. Some libraries compute whole tiles of rows only; a kernel may write
/// the rows of its executed() shape, and nobody reads those behind row M.
constexpr std::int64_t output_rows(std::int64_t m) { return (m + 15) / 16 * 16; }

struct PrepareArgs {
  device::Device& device;
  const operands::Operands& operands;  ///< alive during prepare() and plan(); a, scale_a, scale_b,
                                       ///< bias also as long as the operation lives
  void* d = nullptr;  ///< [M][N] of the kernel's output type, row-major, with room for
                      ///< output_rows(M) rows, shared by the case's kernels; that of GEMM i of a
                      ///< batch begins behind i such rooms
  int threads = 1;
};

struct PlanArgs {
  device::Device& device;
  std::chrono::duration<double> budget{
      0};            ///< for searching algorithms; the same for dense and 2:4
  CacheState cache;  ///< the state in which the operation will be timed
  /// Every copy that launch() will be given, packed; they outlive the operation. At least one.
  std::span<const WeightCopy> copies = {};
  SearchLog* log = nullptr;  ///< of the search; may be null
  /// Algorithm (as Operation::algorithm() names it) of an operation that does the same: to be taken
  /// again, without a search. Empty: search.
  std::string algorithm = {};
  SearchMode search = SearchMode::kShortlists;
};

/// Operation::remark() of a problem of Sparsity::kSixEight.
inline constexpr std::string_view kSixEightRemark =
    "6:8 runs as 2:4 over one and a half times the columns and copies the activations for that in "
    "each launch";

/// One kernel on one problem. The order of calls is prepare, plan, launch...; each may throw
/// std::exception: the row is then `failed` with what(). What is thrown besides ends the process
/// that measures, and the row with it.
class Operation {
 public:
  virtual ~Operation() = default;
  /// Keeps what launch() needs besides the packed weights.
  virtual void prepare(const PrepareArgs& args) = 0;
  /// Searches algorithms where the library offers several, and makes ready what must be for each
  /// copy of the weights.
  virtual void plan(const PlanArgs& /*args*/) {}
  /// The only timed call: computes D from A and one of PlanArgs::copies. Allocates nothing, waits
  /// for nothing on a GPU, prints nothing.
  virtual void launch(WeightCopy weights) = 0;
  /// The library's own name for what launch() runs; valid after plan().
  [[nodiscard]] virtual std::string algorithm() const = 0;
  /// Instruction set or compute capability of that code.
  [[nodiscard]] virtual std::string architecture() const = 0;
  /// What limits that code whatever the problem, as the start of a sentence for readers of results
  /// (Record::remark); empty: nothing is told.
  [[nodiscard]] virtual std::string remark() const { return {}; }
  /// The shape that is computed, larger than requested where the kernel pads.
  [[nodiscard]] virtual GemmShape executed() const = 0;
  /// What each launch copies, because the library takes or makes other rows than were asked for
  /// (Record::copies): "activations", "output", "activations and output"; empty: nothing.
  [[nodiscard]] virtual std::string copies() const { return {}; }
};

class Provider {
 public:
  virtual ~Provider() = default;
  /// Version of the library behind it.
  [[nodiscard]] virtual std::string version() const = 0;
  /// Everything it can run on its device, whatever the problem.
  [[nodiscard]] virtual std::vector<KernelInfo> kernels() const = 0;
  /// Whether `kernel` does `problem` here. problem.d, sparsity and bias are the kernel's own, but a
  /// 2:4 kernel may be asked for 6:8 where expands_six_eight().
  [[nodiscard]] virtual Support supports(const KernelInfo& kernel,
                                         const GemmProblem& problem) const = 0;
  /// Whether its 2:4 kernels also do problems of Sparsity::kSixEight: with the weights expanded to
  /// 2:4 (operands/six_eight.h) when they are packed, and the activations in each launch. Where
  /// they do not, they are never given one.
  [[nodiscard]] virtual bool expands_six_eight() const { return false; }
  /// How `kernel` adds up at `problem`; its own accumulation unless the shape decides.
  [[nodiscard]] virtual Accumulation accumulation(const KernelInfo& kernel,
                                                  const GemmProblem& /*problem*/) const {
    return kernel.accumulation;
  }
  /// Only for a supported problem, as all that follow.
  [[nodiscard]] virtual Footprint footprint(const KernelInfo& kernel, const GemmProblem& problem,
                                            int threads) const = 0;
  /// The same without asking a library that takes long to answer, for plans of many cases that are
  /// only shown; nothing where supports() and footprint() are quick.
  [[nodiscard]] virtual std::optional<Guess> guess(const KernelInfo& /*kernel*/,
                                                   const GemmProblem& /*problem*/) const {
    return std::nullopt;
  }
  /// Packs or compresses the weights into `task.packed`. On a GPU it need not wait for that. Called
  /// where the layout has bytes.
  virtual void pack(const KernelInfo& kernel, const GemmProblem& /*problem*/,
                    const PackTask& /*task*/) const {
    throw std::logic_error(kernel.name + " has packed weights and nothing that packs them");
  }
  [[nodiscard]] virtual std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const = 0;
};

/// One row of the table that the build generates from the provider folders.
struct ProviderRow {
  std::string_view name;
  DeviceKind device_kind;
  /// Makes the provider for `device`, which is of that kind. Null when not built. Throws
  /// std::exception when the library cannot start on it.
  std::unique_ptr<Provider> (*make)(const device::Device& device);
  std::string_view not_built_reason;
  /// Takes part unless --providers says otherwise. False for mock.
  bool by_default;
};

/// Every provider of the source tree, built or not, in the order of their folders.
std::span<const ProviderRow> provider_table();

/// `kernel` as one of several GEMMs in a launch, with a name of its own.
KernelInfo batched(KernelInfo kernel);

/// The kernel name by the contract: <library>_<a>_<b>_<d>_<operation>[_bias].
std::string kernel_name(std::string_view library, DataType a, DataType b, DataType d,
                        Sparsity sparsity, bool bias);

}  // namespace twofour::providers
