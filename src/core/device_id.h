// Which device: what a record, a repro line and a list of devices name it by.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/named.h"
#include "core/shared_text.h"

namespace twofour {

enum class DeviceKind : std::uint8_t { kCpu, kCuda };

inline constexpr NameTable<DeviceKind, 2> kDeviceKindNames{{
    {DeviceKind::kCpu, "cpu"},
    {DeviceKind::kCuda, "cuda"},
}};

constexpr std::string_view to_string(DeviceKind kind) { return name_in(kDeviceKindNames, kind); }

/// One device of one host. An empty text is not known, or there is no such thing: a CPU has neither
/// UUID nor PCI address.
struct DeviceId {
  DeviceKind kind = DeviceKind::kCpu;
  int ordinal = 0;  ///< among the visible devices of its kind
  SharedText name;  ///< "AMD EPYC 9R14", "NVIDIA H200"
  SharedText uuid;  ///< "GPU-8c5f...", as nvidia-smi prints it and CUDA_VISIBLE_DEVICES takes it
  SharedText pci_address;  ///< "0000:18:00.0": domain, bus, device and function
  bool operator==(const DeviceId&) const = default;
};

}  // namespace twofour
