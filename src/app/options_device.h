// The values of --device. Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/device_id.h"

namespace twofour::app {

/// A --device value: what to compute on.
struct DeviceChoice {
  std::optional<DeviceKind> kind;  ///< none: auto
  int ordinal = 0;                 ///< of a GPU without `uuid`
  std::string uuid;                ///< of a GPU, as DeviceId has it; empty: the ordinal counts
  bool operator==(const DeviceChoice&) const = default;
};

/// "auto", "cpu", "cuda", "cuda:N" or "cuda:GPU-...", a UUID; nothing for another text.
std::optional<DeviceChoice> parse_device_choice(std::string_view text);
std::string to_string(const DeviceChoice& choice);

/// The choice that finds the device of `id` again: a GPU by its UUID, wherever it is in the list
/// then.
DeviceChoice choice_of(const DeviceId& id);

/// The GPU that `choice`, which is of one, means among `gpus`. Throws UsageError with a list of
/// them when it is not there.
const DeviceId& choose_gpu(const DeviceChoice& choice, std::span<const DeviceId> gpus);

}  // namespace twofour::app
