// Runs one case: one problem with all its kernels. Operands -> prepare -> plan -> verify ->
// interleaved samples -> records.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/record.h"
#include "core/search_mode.h"
#include "device/device.h"
#include "measure/blocks.h"
#include "measure/measure.h"
#include "run/attempts.h"
#include "run/companions.h"
#include "run/selection.h"
#include "verify/element_reader.h"
#include "workload/workload.h"

namespace twofour::weights {
class ModelWeights;
}

namespace twofour::run {

struct RunConfig {
  BenchMode mode = BenchMode::kSquare;
  DataType dtype = DataType::kInt8;
  ScaleScheme scales;
  std::vector<CacheMode> caches{CacheMode::kCold};
  measure::MeasureConfig measure;
  Load load = Load::kRested;
  measure::BlockConfig blocks;  ///< of sustained load
  /// What weights are pruned to, of dense kernels too.
  Sparsity pattern = Sparsity::kTwoFour;
  std::set<int> control_cases = {};  ///< indices of the cases that have a twin (run/twin.h)
  double plan_budget_s = 0;  ///< for the algorithm search of one kernel; the same for dense and 2:4
  SearchMode search = SearchMode::kShortlists;
  std::uint64_t seed = 0;
  int threads = 1;
  Companions* companions = nullptr;  ///< null: no other device measures these cases now
  /// The operands of the cases are made of these; null: they are drawn.
  std::shared_ptr<weights::ModelWeights> weights = {};
  /// Empty where the host reads operands and D itself.
  verify::MakeElementReader make_element_reader = {};
  /// What measures a case again, for Record::repro. Always set.
  std::function<std::string(const workload::Case&)> repro_line;
};

/// A record with everything that is known before a kernel runs.
Record base_record(const RunConfig& config, const workload::Case& c,
                   const SelectedKernel& selected);

/// The row of a provider that cannot take part in a case; its kernel is named "<provider>_*".
Record unavailable_record(const RunConfig& config, const workload::Case& c,
                          const ProviderInstance& instance);

/// Outcome::reason of a kernel that was skipped because a stop was requested.
inline constexpr std::string_view kInterruptedReason = "interrupted";

/// One row for each kernel and cache state, in the order of `kernels`. No kernel's failure is
/// another's: an exception becomes a `failed` row. `roofs.read_bytes_per_s` is measured again, and
/// raised, after a case in which weights came faster. `attempts` is told before each call into a
/// kernel. What is no std::exception passes through: the device is gone, and with it the case.
std::vector<Record> run_case(const RunConfig& config, const workload::Case& c,
                             std::span<const SelectedKernel> kernels, device::Device& device,
                             Roofs& roofs, Attempts& attempts, std::stop_token stop);

}  // namespace twofour::run
