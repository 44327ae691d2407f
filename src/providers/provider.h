// What a library of kernels is to this project. A provider is one folder with one CMakeLists.txt
// that calls twofour_add_provider(); docs/providers.md shows how to write one.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/device_id.h"
#include "core/problem.h"
#include "device/device.h"
#include "operands/operands.h"
#include "providers/search_log.h"

namespace twofour::providers {

/// One kernel in the contract's names. What a kernel computes is fixed but for shape and scale
/// scheme.
struct KernelInfo {
  std::string name;
  DataType a = DataType::kInt8;  ///< type of both operands as the kernel multiplies them
  DataType d = DataType::kBf16;
  Sparsity sparsity = Sparsity::kDense;
  bool scaled = true;  ///< false: "matmul-no-scales"
  bool bias = false;
  Accumulation accumulation = Accumulation::kWide;
  /// Run unless --kernels says otherwise. False for outputs that vLLM's sparse_benchmarks.py did
  /// not print.
  bool by_default = true;
};

/// Yes, or no with the reason.
struct Support {
  std::optional<std::string> reason;
  static Support yes() { return {}; }
  static Support no(std::string why) { return {std::move(why)}; }
  explicit operator bool() const { return !reason.has_value(); }
};

/// What running a kernel on a problem takes, known before anything is allocated.
struct Footprint {
  std::size_t weight_bytes = 0;     ///< packed weights, one copy
  std::size_t workspace_bytes = 0;  ///< everything else besides operands and D
  /// Kernels of one provider with the same key share their packed weights through SharedWeights, so
  /// those count once; empty: not shared.
  std::string weights_key;
};

/// Packed weights that several operations of one case can share (a kernel with and without bias
/// reads the same copies). Lives as long as the case.
class SharedWeights {
 public:
  /// The object stored under `key`, made by `make` the first time. One key always has one T.
  template <class T>
  std::shared_ptr<T> get(const std::string& key, const std::function<std::shared_ptr<T>()>& make) {
    auto& entry = entries_[key];
    if (!entry.has_value()) entry = make();
    return std::any_cast<std::shared_ptr<T>>(entry);
  }

 private:
  std::map<std::string, std::any> entries_;
};

/// Rows that D has room for. Some libraries compute whole tiles of rows only; a kernel may write
/// the rows of its executed() shape, and nobody reads those behind row M.
constexpr std::int64_t output_rows(std::int64_t m) { return (m + 15) / 16 * 16; }

struct PrepareArgs {
  device::Device& device;
  const operands::Operands& operands;  ///< alive during prepare() and plan(); a, scale_a, scale_b,
                                       ///< bias also as long as the operation lives
  void* d = nullptr;  ///< [M][N] of the kernel's output type, row-major, with room for
                      ///< output_rows(M) rows, shared by the case's kernels
  int copies = 1;     ///< of the packed weights, for launch(slot)
  int threads = 1;
  SharedWeights& shared;
};

struct PlanArgs {
  device::Device& device;
  std::chrono::duration<double> budget{
      0};                    ///< for searching algorithms; the same for dense and 2:4
  CacheState cache;          ///< the state in which the operation will be timed
  SearchLog* log = nullptr;  ///< of the search; may be null
};

/// One kernel on one problem. The order of calls is prepare, plan, launch...; each may throw
/// std::exception: the row is then `failed` with what(). What is thrown besides ends the process
/// that measures, and the row with it.
class Operation {
 public:
  virtual ~Operation() = default;
  /// Packs or compresses the weights into `copies` copies and keeps what launch() needs.
  virtual void prepare(const PrepareArgs& args) = 0;
  /// Searches algorithms where the library offers several.
  virtual void plan(const PlanArgs& /*args*/) {}
  /// The only timed call: computes D from A and weight copy `slot`. Allocates nothing, waits for
  /// nothing on a GPU, prints nothing.
  virtual void launch(int slot) = 0;
  /// Packed weights of one copy: what a cold launch must find out of cache.
  [[nodiscard]] virtual std::vector<device::MemoryRange> weights(int slot) const = 0;
  /// The library's own name for what launch() runs; valid after plan().
  [[nodiscard]] virtual std::string algorithm() const = 0;
  /// Instruction set or compute capability of that code.
  [[nodiscard]] virtual std::string architecture() const = 0;
  /// What limits that code whatever the problem, as the start of a sentence for readers of results
  /// (Record::remark); empty: nothing is told.
  [[nodiscard]] virtual std::string remark() const { return {}; }
  /// The shape that is computed, larger than requested where the kernel pads.
  [[nodiscard]] virtual GemmShape executed() const = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;
  /// Version of the library behind it.
  [[nodiscard]] virtual std::string version() const = 0;
  /// Everything it can run on its device, whatever the problem.
  [[nodiscard]] virtual std::vector<KernelInfo> kernels() const = 0;
  /// Whether `kernel` does `problem` here. problem.d, sparsity and bias are the kernel's own.
  [[nodiscard]] virtual Support supports(const KernelInfo& kernel,
                                         const GemmProblem& problem) const = 0;
  [[nodiscard]] virtual Footprint footprint(const KernelInfo& kernel, const GemmProblem& problem,
                                            int threads) const = 0;
  /// Only for a supported problem.
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

/// The kernel name by the contract: <library>_<a>_<a>_<d>_<operation>[_bias].
std::string kernel_name(std::string_view library, DataType a, DataType d, Sparsity sparsity,
                        bool bias);

}  // namespace twofour::providers
