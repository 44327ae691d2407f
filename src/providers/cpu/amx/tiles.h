// AMX as a type: eight tile registers, loads, stores and products. Code that is a template over
// `Unit` runs on the processor's tiles or on an emulation of them, so that it can be tested where
// AMX is missing.
// Semantics: Intel Architecture Instruction Set Extensions Programming Reference, chapter 3 (AMX).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace twofour::providers::cpu::amx {

inline constexpr int kTileRows = 16;
inline constexpr int kTileRowBytes = 64;
inline constexpr int kTileBytes = kTileRows * kTileRowBytes;

/// The operand of LDTILECFG in memory, palette 1: the rows of each tile register, and their bytes,
/// which are 64 for all tiles here.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{};
  std::array<std::uint8_t, 16> rows{};
};
static_assert(sizeof(TileConfig) == 64);

/// The processor's own tiles. Only where core/processor.h says that there is AMX.
struct HardwareTiles {
  static void configure(const TileConfig& config) {
    asm volatile("ldtilecfg %0" : : "m"(config) : "memory");
  }
  static void release() { asm volatile("tilerelease" : : : "memory"); }
  template <int kTile>
  static void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  template <int kTile>
  static void load(const void* data, std::size_t stride_bytes) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2"
                 :
                 : "r"(data), "r"(stride_bytes), "i"(kTile)
                 : "memory");
  }
  template <int kTile>
  static void store(void* data, std::size_t stride_bytes) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)"
                 :
                 : "r"(data), "r"(stride_bytes), "i"(kTile)
                 : "memory");
  }
  /// C[16][16] += A[16][64] x B[64][16], int8 in int32; B as in TileLayout (panel.h).
  template <int kC, int kA, int kB>
  static void multiply_add(std::int8_t /*element*/) {
    asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kC), "i"(kA), "i"(kB));
  }
  /// C[16][16] += A[16][32] x B[32][16], bfloat16 in float32.
  template <int kC, int kA, int kB>
  static void multiply_add(std::uint16_t /*element*/) {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kC), "i"(kA), "i"(kB));
  }
};

/// The same in plain C++, with a set of tile registers for each thread. Like the processor it sets
/// rows beyond the configured ones to zero and refuses operands whose sizes do not match; unlike
/// the processor it does not flush bfloat16 subnormals to zero.
class EmulatedTiles {
 public:
  static void configure(const TileConfig& config) {
    state() = {};
    state().config = config;
  }
  static void release() { state() = {}; }
  template <int kTile>
  static void zero() {
    state().bytes[kTile] = {};
  }
  template <int kTile>
  static void load(const void* data, std::size_t stride_bytes) {
    auto& tile = state().bytes[kTile];
    tile = {};
    for (std::size_t row = 0; row < rows(kTile); ++row) {
      std::memcpy(&tile[row * kTileRowBytes],
                  static_cast<const std::byte*>(data) + row * stride_bytes, kTileRowBytes);
    }
  }
  template <int kTile>
  static void store(void* data, std::size_t stride_bytes) {
    const auto& tile = state().bytes[kTile];
    for (std::size_t row = 0; row < rows(kTile); ++row) {
      std::memcpy(static_cast<std::byte*>(data) + row * stride_bytes, &tile[row * kTileRowBytes],
                  kTileRowBytes);
    }
  }
  template <int kC, int kA, int kB, class Element>
  static void multiply_add(Element /*element*/) {
    if (rows(kC) != rows(kA) || rows(kB) != kTileRows) {
      throw std::logic_error("tiles of these sizes are no operands of a product");  // #UD
    }
    using Accumulator = std::conditional_t<sizeof(Element) == 1, std::int32_t, float>;
    constexpr std::size_t kDepth = 4 / sizeof(Element);
    for (std::size_t row = 0; row < rows(kC); ++row) {
      for (std::size_t column = 0; column < 16; ++column) {
        Accumulator sum = get<Accumulator>(kC, row, column);
        for (std::size_t k = 0; k < 16 * kDepth; ++k) {
          sum += value(get<Element>(kA, row, k)) *
                 value(get<Element>(kB, k / kDepth, column * kDepth + k % kDepth));
        }
        std::memcpy(&state().bytes[kC][(row * 16 + column) * 4], &sum, sizeof(sum));
      }
    }
  }

 private:
  struct State {
    TileConfig config;
    std::array<std::array<std::byte, kTileBytes>, 8> bytes{};
  };
  static State& state() {
    thread_local State tiles;
    return tiles;
  }
  static std::size_t rows(std::size_t tile) { return state().config.rows[tile]; }
  static std::int32_t value(std::int8_t x) { return x; }
  static float value(std::uint16_t x) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16U);
  }
  template <class T>
  static T get(std::size_t tile, std::size_t row, std::size_t column) {
    T element;
    std::memcpy(&element, &state().bytes[tile][row * kTileRowBytes + column * sizeof(T)],
                sizeof(T));
    return element;
  }
};

}  // namespace twofour::providers::cpu::amx
