#include "core/record.h"

namespace twofour {

std::optional<double> dense_equivalent_tflops(const Record& record) {
  if (!record.summary || record.summary->median_s <= 0) return std::nullopt;
  return gemms_per_launch(record) * dense_operations(record.problem.shape) /
         record.summary->median_s / 1e12;
}

std::optional<double> true_clock_mhz(const Record& record) {
  // Files of version 1 do not name the device.
  const bool on_cpu = record.device ? record.device->kind == DeviceKind::kCpu
                                    : !record.architecture.starts_with("sm_");
  return on_cpu ? record.clocks.core_mhz : record.clocks.effective_sm_mhz;
}

std::optional<double> launch_joules(const Record& record) {
  if (record.sustained && record.sustained->median_j) return record.sustained->median_j;
  return record.energy ? record.energy->launch_j : std::nullopt;
}

std::optional<double> executed_tflops(const Record& record) {
  if (!record.summary || record.summary->median_s <= 0) return std::nullopt;
  return gemms_per_launch(record) *
         executed_operations(record.problem.shape, record.problem.sparsity) /
         record.summary->median_s / 1e12;
}

std::string label(const Record& record) {
  return "scaled-" + std::string(info(record.dtype).torch_name) + "-gemm";
}

std::string sub_label(const Record& record) { return "MKN=(" + mkn(record.problem.shape) + ")"; }

}  // namespace twofour
