#include "app/failure.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "app/command.h"
#include "app/exit_code.h"
#include "device/device.h"
#include "run/child_process.h"

namespace twofour::app {

int exit_code_of(FunctionRef<int()> work) {
  try {
    return work();
  } catch (const UsageError& error) {
    fmt::print(stderr, "twofour: {}\nsee 'twofour --help'\n", error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "twofour: {}\n", error.what());
    return kExitFailed;
  }
}

int in_child(bool in_process, FunctionRef<int()> work) {
  const auto without_device = [&] {
    try {
      return work();
    } catch (const device::DeviceLost& error) {
      throw std::runtime_error(error.what());
    }
  };
  if (in_process) return without_device();
  return run::run_in_child([&] { return exit_code_of(without_device); });
}

}  // namespace twofour::app
