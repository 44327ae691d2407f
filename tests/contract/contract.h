// What every kernel of every provider owes its caller (providers/provider.h), as a function that
// lists what was broken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/problem.h"
#include "device/device.h"
#include "operands/operands.h"
#include "providers/provider.h"
#include "verify/verify.h"

namespace twofour::contract {

/// Operands and the sums that every kernel on them must arrive at.
struct Workload {
  operands::Operands operands;
  verify::Reference reference;
};

/// Makes each workload once.
class Workloads {
 public:
  /// References are computed by `threads` threads of the host.
  explicit Workloads(device::Device& device, int threads = 1)
      : device_(device), threads_(threads) {}
  /// What `problem` multiplies; of a batch, what its GEMM `gemm` does: each has weights of its own,
  /// and the rest is the same. An unscaled problem has the operands of a scaled one.
  const Workload& get(const GemmProblem& problem, std::int64_t gemm = 0);

 private:
  using Key = std::tuple<DataType, std::int64_t, std::int64_t, std::int64_t, std::string, Sparsity,
                         std::int64_t>;
  operands::Operands make(const GemmProblem& problem, std::int64_t gemm);
  device::Device& device_;
  int threads_;
  std::map<Key, std::unique_ptr<Workload>> made_;
};

struct Finding {
  bool supported = false;
  std::string refusal;  ///< the provider's reason when it is not supported
  std::vector<std::string> violations;
};

struct Circumstances {
  int threads = 1;
  /// False for a provider that computes nothing when launched and so has no packed weights.
  bool packs_weights = true;
  /// For plan().
  std::chrono::duration<double> plan_budget{0};
  /// Whether a timed loop of the device is tried too.
  bool times = false;
};

/// Asks `provider` whether it supports `problem`; if so prepares two copies of the weights,
/// launches both, the first one twice, and looks at everything a caller relies on.
Finding examine(const providers::Provider& provider, const providers::KernelInfo& kernel,
                const GemmProblem& problem, Workloads& workloads, device::Device& device,
                const Circumstances& circumstances);

/// Problems that a kernel is examined on: every shape in every scale scheme.
struct Problems {
  std::span<const GemmShape> shapes;
  std::span<const std::string_view> schemes;  ///< an unscaled kernel is asked for the first alone
  int many_threads = 1;  ///< problems of the last scheme are computed by so many threads as well
};

/// What came of a kernel's problems together.
struct Findings {
  int supported = 0;              ///< problems
  std::set<std::string> schemes;  ///< in which some problem was supported
  std::string lacking;            ///< what machine or build lack, when no problem was supported
  std::vector<std::string> violations;  ///< each with its problem
};

/// examine() for all of `problems`. It is a violation to support none of them, unless a reason says
/// what this machine or this build lacks; then that is `lacking` and the test is to be skipped.
Findings examine_all(const providers::Provider& provider, const providers::KernelInfo& kernel,
                     const Problems& problems, Workloads& workloads, device::Device& device,
                     const Circumstances& circumstances);

/// A 2:4 kernel must support `whole` and refuse the same with `ragged_k`, which is not a multiple
/// of four. A refusal of both shows nothing and is a violation, with the exception of
/// examine_all().
Findings examine_ragged_group(const providers::Provider& provider,
                              const providers::KernelInfo& kernel, const GemmShape& whole,
                              std::int64_t ragged_k);

/// D and the room behind it (of a batch, one of each GEMM behind another) with guard bytes on both
/// sides, poisoned on request. In memory of the device.
class OutputArea {
 public:
  OutputArea(const GemmProblem& problem, device::Device& device);
  [[nodiscard]] unsigned char* d() const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  void poison();
  /// Whether the bytes before D and behind the rows that the kernel may write, as many as it says
  /// it executes or as D has room for, are as poison() left them.
  [[nodiscard]] bool guards_intact(std::int64_t executed_rows) const;
  /// D in host memory; of a batch, that of its GEMM `gemm`.
  [[nodiscard]] std::vector<unsigned char> copy(std::int64_t gemm = 0) const;

 private:
  device::Device& device_;
  [[nodiscard]] std::size_t begin_of(std::int64_t gemm) const;

  std::int64_t batch_;
  std::int64_t room_;  ///< rows
  std::size_t row_bytes_;
  std::size_t bytes_;
  Buffer buffer_;
};

/// A deep copy in memory of `device`.
operands::Operands clone(const operands::Operands& operands, device::Device& device);

/// GEMMs that a kernel of batches is given.
inline constexpr std::int64_t kBatch = 3;

/// The problem that `kernel` is given at `shape`: its own types and bias; `scales` if it has any.
GemmProblem problem_of(const providers::KernelInfo& kernel, const GemmShape& shape,
                       ScaleScheme scales);

}  // namespace twofour::contract
