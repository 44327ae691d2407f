// What start_providers() refuses, as values: whoever asked for it words the message.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/device_id.h"

namespace twofour::run {

/// A name that no row of the provider table has.
struct UnknownProvider : std::invalid_argument {
  UnknownProvider(std::string asked_for, std::vector<std::string> known)
      : std::invalid_argument("no provider is named " + asked_for),
        name(std::move(asked_for)),
        known_names(std::move(known)) {}
  std::string name;
  std::vector<std::string> known_names;
};

/// A provider that computes on another kind of device than the run's.
struct WrongDevice : std::invalid_argument {
  WrongDevice(std::string asked_for, DeviceKind providers, DeviceKind runs)
      : std::invalid_argument("provider " + asked_for + " computes on another kind of device"),
        name(std::move(asked_for)),
        provider_kind(providers),
        run_kind(runs) {}
  std::string name;
  DeviceKind provider_kind;  ///< what the provider computes on
  DeviceKind run_kind;       ///< what the run is on
};

}  // namespace twofour::run
