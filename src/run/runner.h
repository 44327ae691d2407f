// Runs one case: one problem with all its kernels. Operands -> prepare -> plan -> verify ->
// interleaved samples -> records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/record.h"
#include "device/device.h"
#include "measure/measure.h"
#include "run/attempts.h"
#include "run/selection.h"
#include "verify/element_reader.h"
#include "workload/workload.h"

namespace twofour::run {

struct RunConfig {
  BenchMode mode = BenchMode::kSquare;
  DataType dtype = DataType::kInt8;
  ScaleScheme scales;
  std::vector<CacheMode> caches{CacheMode::kCold};
  measure::MeasureConfig measure;
  double plan_budget_s = 0;  ///< for the algorithm search of one kernel; the same for dense and 2:4
  std::uint64_t seed = 0;
  int threads = 1;
  /// Empty where the host reads operands and D itself.
  verify::MakeElementReader make_element_reader = {};
  /// Command line up to the mode, for Record::repro.
  std::string repro_prefix = "twofour";
};

/// What one kernel of a case needs, as --dry-run prints it.
struct MemoryNeed {
  std::size_t operand_bytes = 0;
  std::size_t weight_bytes = 0;  ///< all packed copies
  std::size_t other_bytes = 0;   ///< D and workspace
  int copies = 1;
  [[nodiscard]] std::size_t total() const { return operand_bytes + weight_bytes + other_bytes; }
};

/// The command line that measures `shape` again, alone.
std::string repro_line(const RunConfig& config, const GemmShape& shape);

/// A record with everything that is known before a kernel runs.
Record base_record(const RunConfig& config, const workload::Case& c,
                   const SelectedKernel& selected);

/// The row of a provider that cannot take part in a case; its kernel is named "<provider>_*".
Record unavailable_record(const RunConfig& config, const workload::Case& c,
                          const ProviderInstance& instance);

/// Outcome::reason of a kernel that was skipped because a stop was requested.
inline constexpr std::string_view kInterruptedReason = "interrupted";

/// What `selected` needs at the case's shape on its own, with the copies that a cold run would
/// make. Only for a supported problem.
MemoryNeed memory_need(const RunConfig& config, const workload::Case& c,
                       const SelectedKernel& selected, device::Device& device);

/// What the device's memory holds at most while the case runs: operands, D, every kernel's packed
/// copies and workspace. Only kernels that would run count.
std::size_t case_memory(const RunConfig& config, const workload::Case& c,
                        std::span<const SelectedKernel> kernels, device::Device& device);

/// One row for each kernel and cache state, in the order of `kernels`. No kernel's failure is
/// another's: an exception becomes a `failed` row. `roofs.read_bytes_per_s` is measured again, and
/// raised, after a case in which weights came faster. `attempts` is told before each call into a
/// kernel. What is no std::exception passes through: the device is gone, and with it the case.
std::vector<Record> run_case(const RunConfig& config, const workload::Case& c,
                             std::span<const SelectedKernel> kernels, device::Device& device,
                             Roofs& roofs, Attempts& attempts, std::stop_token stop);

}  // namespace twofour::run
