// What a GPU is called. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace twofour::device::cuda {

inline constexpr std::size_t kUuidBytes = 16;

/// "GPU-00112233-4455-6677-8899-aabbccddeeff", as nvidia-smi prints it and CUDA_VISIBLE_DEVICES
/// takes it.
std::string uuid_text(std::span<const char, kUuidBytes> uuid);

/// "0000:1B:00.0": domain, bus, device and function (0 for each GPU), as nvidia-smi prints them.
std::string pci_address_text(int domain, int bus, int device);

}  // namespace twofour::device::cuda
