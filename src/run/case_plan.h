// What a case takes, decided before anything is allocated: who takes part, how many copies of which
// packed weights there are, and all bytes. --dry-run prints it, the device's memory is reserved for
// it, and the run follows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/data_type.h"
#include "core/outcome.h"
#include "core/problem.h"
#include "core/record.h"
#include "device/device.h"
#include "operands/operands.h"
#include "providers/provider.h"
#include "run/runner.h"
#include "run/selection.h"
#include "workload/workload.h"

namespace twofour::run {

/// What a plan must know of a device. Nothing: not known.
struct MemoryFacts {
  std::optional<std::size_t> free_bytes;
  std::optional<std::size_t> last_level_cache_bytes;
  bool can_flush = false;
};

/// What B of a kernel of `sparsity` is; see OperandPlan.
Sparsity weights_for(const RunConfig& config, Sparsity sparsity);

MemoryFacts memory_facts(device::Device& device);

/// One kernel at the shape of a case, as its provider describes it.
struct KernelNeed {
  Outcome outcome;  ///< not ok: it takes no part, for that reason, and the footprint is empty
  GemmProblem problem;
  providers::Footprint footprint;
  int gemms = 1;         ///< of one launch, one after another, each with weights of its own
  bool guessed = false;  ///< the outcome and the footprint are Provider::guess()
};

/// How a provider is asked.
enum class Answers : std::uint8_t {
  kExact,
  kQuick,  ///< by Provider::guess() where there is one
};

/// Asks the provider of `selected`; a skipped case needs no answer. Throws what the provider
/// throws.
KernelNeed kernel_need(const RunConfig& config, const workload::Case& c,
                       const SelectedKernel& selected, Answers answers = Answers::kExact);

/// What one kernel takes, whatever it shares with others.
struct KernelPlan {
  Outcome outcome;  ///< not ok: it is not run
  GemmProblem problem;
  providers::WeightLayout weights;
  CacheState cold;  ///< how its weights are kept out of cache, and how many copies of them there
                    ///< are; a copy is what one launch reads
  std::size_t operand_bytes = 0;
  std::size_t output_bytes = 0;
  std::size_t workspace_bytes = 0;
  int gemms = 1;  ///< of one launch, each with weights of its own

  [[nodiscard]] bool runs() const { return outcome.kind == OutcomeKind::kOk; }
  /// Packed weights that one launch reads.
  [[nodiscard]] std::size_t launch_bytes() const {
    return weights.bytes * static_cast<std::size_t>(gemms);
  }
  /// Packed weights that there are: those of a launch, as often as it takes to keep them out of
  /// cache.
  [[nodiscard]] int weight_copies() const { return gemms * cold.copies; }
  /// Of all copies.
  [[nodiscard]] std::size_t weight_bytes() const {
    return weights.bytes * static_cast<std::size_t>(weight_copies());
  }
  [[nodiscard]] std::size_t total_bytes() const {
    return operand_bytes + output_bytes + weight_bytes() + workspace_bytes;
  }
};

/// A D that all kernels of one output type write.
struct OutputPlan {
  DataType type = DataType::kBf16;
  std::size_t bytes = 0;
};

/// A and B of one type, for the kernels that share them.
struct OperandPlan {
  operands::OperandSpec spec;
  /// Of B. Drawn weights are 2:4 for all kernels; stored ones are so for 2:4 kernels alone.
  Sparsity weights = Sparsity::kTwoFour;
};

struct CasePlan {
  std::vector<KernelPlan> kernels;  ///< as they were asked for
  /// Of each type that a kernel multiplies, in the order in which they are made: largest elements
  /// first, so that what is freed of them is there for the next ones.
  std::vector<OperandPlan> operands;
  std::vector<OutputPlan> outputs;
  /// The most that is allocated at once: operands, D, every kernel's packed copies and workspace. B
  /// goes when the kernels of its type are prepared. Kernels that are not run count for nothing.
  std::size_t peak_bytes = 0;
};

/// Takes kernels as long as they fit into the free memory, those of config.dtype before the 16-bit
/// ones that they are compared with, so that these give way where memory is short. Where nobody
/// knows how much is free, nothing is refused beforehand. A pure function.
CasePlan plan_case(const RunConfig& config, std::span<const KernelNeed> needs,
                   const MemoryFacts& facts);

/// The same for those kernels that take part in the case, which are asked now; one whose provider
/// throws is `failed` with what().
CasePlan plan_case(const RunConfig& config, const workload::Case& c,
                   std::span<const SelectedKernel> kernels, const MemoryFacts& facts);
CasePlan plan_case(const RunConfig& config, const workload::Case& c,
                   std::span<const SelectedKernel> kernels, device::Device& device);

}  // namespace twofour::run
