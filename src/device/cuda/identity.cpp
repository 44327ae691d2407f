#include "device/cuda/identity.h"

#include <fmt/format.h>

namespace twofour::device::cuda {

std::string uuid_text(std::span<const char, kUuidBytes> uuid) {
  std::string text = "GPU";
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(uuid[i]));
  }
  return text;
}

std::string pci_address_text(int domain, int bus, int device) {
  return fmt::format("{:04X}:{:02X}:{:02X}.0", domain, bus, device);
}

}  // namespace twofour::device::cuda
