// Energy counters of processor packages (RAPL), as Linux shows them under /sys/class/powercap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/cpu/host_files.h"

namespace twofour::device::cpu {

/// Member of DeviceInfo::details that has Rapl::description().
inline constexpr std::string_view kEnergyDetail = "energy";

/// The counters of the packages that some processors belong to, and of the DRAM beside them where
/// there are such: intel-rapl:N, which Linux has for AMD's processors too, and intel-rapl:N:M of
/// the name "dram". Other subdomains (cores, uncore) are a part of the package's.
///
/// Counters are of whole packages, idle power and other processes included. They move about every
/// millisecond. Files stay open, so that a reading is a system call for each counter.
class Rapl {
 public:
  /// `processors`: those that compute, not empty.
  Rapl(const HostFiles& files, std::span<const int> processors);
  Rapl(const Rapl&) = delete;
  Rapl& operator=(const Rapl&) = delete;
  Rapl(Rapl&&) = default;
  Rapl& operator=(Rapl&&) = default;
  ~Rapl() = default;

  /// Joules since the first reading, of all counters together; nothing without counters, or where
  /// one cannot be read any more. A counter that stands lower than before has begun anew at its
  /// range, so two readings must be less than a range apart: at least 65 kJ, a minute at a
  /// kilowatt.
  [[nodiscard]] std::optional<double> joules();

  /// "RAPL: package-0, dram of package-0"; empty without counters.
  [[nodiscard]] std::string source() const;
  /// The same with what it includes, or "not measured: " and why there are no counters.
  [[nodiscard]] std::string description() const;

 private:
  /// Closed when it goes.
  class File {
   public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();
    /// The decimal number that it begins with; nothing: `errno` says why, 0 where there is none.
    [[nodiscard]] std::optional<std::uint64_t> number() const;

   private:
    int descriptor_;
  };
  struct Counter {
    std::string name;
    File file;
    std::uint64_t range_uj = 0;
    std::uint64_t last_uj = 0;
  };

  /// Opens the counter of a folder of powercap. Says why not, in words, or nothing.
  std::string open(const HostFiles& files, const std::string& folder, std::string name);

  std::vector<Counter> counters_;
  std::string reason_;
  double joules_ = 0;
};

}  // namespace twofour::device::cpu
