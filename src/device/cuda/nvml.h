// Clocks, power, temperature and throttle reasons, from NVIDIA's management library. It belongs to
// the driver and is loaded at run time; without it the fields stay empty.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/environment.h"

namespace twofour::device::cuda {

/// The reasons in a mask of NVML's clock event reasons, in words joined by ", ". Idleness and
/// clocks that somebody set are not throttling and are left out.
std::string throttle_words(std::uint64_t mask);

class Nvml {
 public:
  virtual ~Nvml() = default;
  [[nodiscard]] virtual ClockSample sample() const = 0;
  /// Those of a sample, alone: quick enough to be asked for many times a second.
  /// Empty: none; nothing where they cannot be read.
  [[nodiscard]] virtual std::optional<std::string> throttle_reasons() const = 0;
  /// Nothing where it cannot be read.
  [[nodiscard]] virtual std::optional<std::string> driver_version() const = 0;
  /// Processes that hold a compute context; nothing where the driver does not tell.
  [[nodiscard]] virtual std::optional<std::vector<unsigned>> compute_processes() const = 0;
  /// Share of the last second, or a part of it, in which some kernel ran, whoever's; from 0 to 1.
  [[nodiscard]] virtual std::optional<double> busy_share() const = 0;
  /// The limit that is in force now; nothing when it cannot be read.
  [[nodiscard]] virtual std::optional<double> power_limit_w() const = 0;
  /// Joules since the driver was loaded, of the whole board; nothing when they cannot be read
  /// (before Volta). What sample() has as power is a mean over about a second on Hopper, and tells
  /// nothing of a block of two.
  [[nodiscard]] virtual std::optional<double> energy_j() const = 0;
};

/// NVML for the GPU at a PCI bus address ("0000:1B:00.0"); null when it cannot be had.
std::unique_ptr<Nvml> open_nvml(const std::string& pci_bus_id);

}  // namespace twofour::device::cuda
