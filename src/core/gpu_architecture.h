// GPU architectures that kernels are compiled for: what only one of them has (Hopper's wgmma, say)
// runs on no other, older or newer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace twofour {

enum class GpuArchitecture : std::uint8_t { kSm90 };

struct GpuArchitectureInfo {
  GpuArchitecture architecture;
  std::string_view folder;  ///< of its kernels, and its name in the list of kernels
  std::string_view target;  ///< of the compiler, and what records call it
  int compute_capability;   ///< major * 10 + minor of the GPUs that run its kernels
};

inline constexpr std::array<GpuArchitectureInfo, 1> kGpuArchitectures{{
    {GpuArchitecture::kSm90, "sm90", "sm_90a", 90},
}};

constexpr const GpuArchitectureInfo& info(GpuArchitecture architecture) {
  return kGpuArchitectures[static_cast<std::size_t>(architecture)];
}

/// The architecture whose folder is `folder`, or nothing.
constexpr std::optional<GpuArchitecture> parse_gpu_architecture(std::string_view folder) {
  for (const GpuArchitectureInfo& info : kGpuArchitectures) {
    if (info.folder == folder) return info.architecture;
  }
  return std::nullopt;
}

/// "9.0" of 90.
inline std::string compute_capability_text(int compute_capability) {
  return std::to_string(compute_capability / 10) + "." + std::to_string(compute_capability % 10);
}

/// Why a GPU of `compute_capability` (major * 10 + minor) runs no kernel of `architectures`, or
/// nothing where it runs those of one of them.
inline std::optional<std::string> refusal(std::span<const GpuArchitecture> architectures,
                                          int compute_capability) {
  std::string wanted;
  for (const GpuArchitecture architecture : architectures) {
    if (info(architecture).compute_capability == compute_capability) return std::nullopt;
    if (!wanted.empty()) wanted += " or ";
    wanted += compute_capability_text(info(architecture).compute_capability);
  }
  return "its kernels are for compute capability " + wanted + ", this GPU has " +
         compute_capability_text(compute_capability);
}

}  // namespace twofour
