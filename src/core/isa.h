// Which instruction sets this processor and operating system offer to our own kernels.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace twofour {

/// Each includes those before it. kAvx2: AVX2, FMA, F16C, BMI2. kAvx512: F, BW, DQ, VL, VNNI, which
/// is what Cascade Lake and Ice Lake have. kAvx512Bf16: BF16. kAmx: TILE, INT8, BF16, with the
/// operating system's permission to use tile registers.
enum class Isa : std::uint8_t { kPortable, kAvx2, kAvx512, kAvx512Bf16, kAmx };

inline constexpr std::array<std::string_view, 5> kIsaNames{"portable", "avx2", "avx512",
                                                           "avx512_bf16", "amx"};

constexpr std::string_view to_string(Isa isa) { return kIsaNames[static_cast<std::size_t>(isa)]; }

constexpr std::optional<Isa> parse_isa(std::string_view text) {
  for (std::size_t i = 0; i < kIsaNames.size(); ++i) {
    if (kIsaNames[i] == text) return static_cast<Isa>(i);
  }
  return std::nullopt;
}

/// The highest that this machine has. Asks for the use of tile registers the first time.
Isa detected_isa();

/// detected_isa(), or the value of the environment variable TWOFOUR_ISA where that is lower. Throws
/// std::invalid_argument when the variable holds none of kIsaNames.
Isa best_isa();

}  // namespace twofour
