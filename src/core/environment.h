// What a run ran on: the first line of every .jsonl, so that a number can be judged later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/data_type.h"
#include "core/device_id.h"

namespace twofour {

/// Ceilings, measured on the device at start. A type that is not there has none that is known.
struct Roofs {
  /// Multiply-adds per second on dense operands; two operations each.
  std::map<DataType, double> multiply_adds_per_s;
  /// The same for 2:4 instructions, dense-equivalent, where the device has them.
  std::map<DataType, double> sparse_multiply_adds_per_s;
  /// Streaming read out of cache; nothing where it is not known.
  std::optional<double> read_bytes_per_s;
  bool operator==(const Roofs&) const = default;
};

/// The device that computes, as the device layer describes it.
struct DeviceInfo {
  DeviceId id;
  std::string architecture;  ///< best instruction set in use ("avx512_bf16") or "sm_90a"
  std::optional<std::size_t> last_level_cache_bytes;  ///< nothing: not known
  std::string last_level_cache_source;         ///< where the size was read, and what it may include
  std::optional<std::size_t> memory_bytes;     ///< nothing: not known
  int threads = 1;                             ///< host threads that compute, 1 on a GPU
  std::map<std::string, std::string> details;  ///< flags, caches, governor, driver, clocks, ...
  bool operator==(const DeviceInfo&) const = default;
};

/// Of the lines of a result file. Files of version 1 are read too: Environment and Record keep the
/// version that they were read from, and are written as that again. Version 2 brought the device of
/// a record, its remark, and null for numbers that are not known.
inline constexpr int kSchemaVersion = 2;

/// A variable of the environment that changes what is measured or printed.
struct EnvironmentSwitch {
  std::string name;
  std::string value;
  bool cleared = false;  ///< it was not set for the process that measured
  bool operator==(const EnvironmentSwitch&) const = default;
};

/// A member of it is a row of report/environment_fields.cpp.
struct Environment {
  int schema_version = kSchemaVersion;
  std::string twofour_version;
  std::string git_commit;
  std::string build_type;
  std::string compiler;
  std::vector<std::string> argv;
  std::string started_utc;  ///< ISO 8601
  std::int64_t started_unix_s = 0;
  std::string host_cpu;
  std::string operating_system;
  std::optional<double> load_average_1min;
  std::uint64_t seed = 0;
  /// How operands were drawn, in words: timings depend on the data (power), so they are part of the
  /// result.
  std::string operand_distribution;
  DeviceInfo device;
  Roofs roofs;
  /// Provider name and library version, in the order of the provider table.
  std::vector<std::pair<std::string, std::string>> libraries;
  /// A fingerprint of the cases, where a file told the models, which may change. Empty: none did.
  std::string cases;
  std::vector<EnvironmentSwitch> switches;  ///< that were set when the program was started
  bool operator==(const Environment&) const = default;
};

/// Clocks and power at the time of a measurement; empty fields were not readable.
struct ClockSample {
  /// Of a CPU: measured, by a chain of additions. Of a GPU: what the driver calls the SM clock,
  /// which reads 10 to 13 % above the clock that its multiprocessors have under load, so nothing is
  /// to be derived from it.
  std::optional<double> core_mhz;
  /// Of a GPU, while this row's samples were taken, not the whole case's: cycles of its
  /// multiprocessors over time, the median over samples.
  std::optional<double> effective_sm_mhz;
  std::optional<double> memory_mhz;
  std::optional<double> power_w;
  std::optional<double> temperature_c;
  std::optional<std::string> throttle_reasons;  ///< empty: none
  /// Share of the periods of a CPU quota (cgroup) in which the quota stopped this process; nothing
  /// without a quota.
  std::optional<double> quota_throttled_share;
  /// Shares of the time of the processors that compute, or nothing: other processes ran there, and
  /// the host of a virtual machine ran another one.
  std::optional<double> foreign_share;
  std::optional<double> steal_share;
  /// Other processes that hold a context on the GPU; nothing: not known, as where a container hides
  /// them.
  std::optional<double> foreign_processes;
  bool operator==(const ClockSample&) const = default;
};

}  // namespace twofour
