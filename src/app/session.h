// What a benchmark run works with, from checked options.
#pragma once

#include <memory>
#include <vector>

#include "app/options.h"
#include "device/device.h"
#include "run/runner.h"
#include "run/selection.h"

namespace twofour::app {

struct Session {
  std::vector<std::unique_ptr<device::Device>> devices;  ///< one, today
  std::vector<run::ProviderInstance> providers;
  std::vector<run::SelectedKernel> kernels;  ///< refer to `providers`
  run::RunConfig config;

  [[nodiscard]] device::Device& device() const { return *devices.front(); }
};

/// Opens the device, starts the providers and selects the kernels. Throws UsageError where the
/// options name something that is not there, std::runtime_error where the device cannot be had.
Session start_session(const BenchOptions& options);

}  // namespace twofour::app
