#include "instruction_rates.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <string_view>

namespace twofour::bench {
namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of one call of `body`, the fastest of several runs of `calls`.
template <class Body>
double fastest(int calls, Body&& body) {
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 15; ++run) {
    const double start = now_seconds();
    for (int i = 0; i < calls; ++i) body();
    best = std::min(best, (now_seconds() - start) / calls);
  }
  return best;
}

#if defined(__x86_64__)

// Each mix is written for eight independent accumulators, registers 0 to 7, which is enough to
// cover every latency but one (int8 of AVX-512). Registers 8 to 15 take what the other instructions
// make; 16 stays out of reach of AVX2, so 15 doubles as the constant operand. `%0` is 1 KiB of
// readable memory.
#define TWOFOUR_EIGHT(mix) mix(0) mix(1) mix(2) mix(3) mix(4) mix(5) mix(6) mix(7)
#define TWOFOUR_FOUR_PAIRS(mix) mix(0, 1) mix(2, 3) mix(4, 5) mix(6, 7)
#define TWOFOUR_CLOBBERS                                                                    \
  "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
      "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

// int8, AVX-512: activations broadcast from memory, multiplied with two vectors of weights. With
// sums in eight registers each would wait for its last product: Intel starts two in a cycle that
// take five. The other eight are registers 20 to 27, which the compiler does not use in this file.
#define TWOFOUR_I8_DENSE_512(i)        \
  "vpbroadcastd " #i                   \
  "*4(%0), %%zmm8\n\t"                 \
  "vpdpbusd %%zmm15, %%zmm8, %%zmm" #i \
  "\n\t"                               \
  "vpdpbusd %%zmm14, %%zmm8, %%zmm2" #i "\n\t"
#define TWOFOUR_I8_SHUFFLED_512(i)       \
  "vpbroadcastq " #i                     \
  "*8(%0), %%zmm8\n\t"                   \
  "vpshufb %%zmm14, %%zmm8, %%zmm9\n\t"  \
  "vpshufb %%zmm13, %%zmm8, %%zmm10\n\t" \
  "vpdpbusd %%zmm15, %%zmm9, %%zmm" #i   \
  "\n\t"                                 \
  "vpdpbusd %%zmm12, %%zmm10, %%zmm2" #i "\n\t"
// bf16, AVX-512: a pair of activations broadcast; for 2:4 pairs chosen by address.
#define TWOFOUR_BF16_DENSE_512(i) \
  "vpbroadcastd " #i              \
  "*4(%0), %%zmm8\n\t"            \
  "vdpbf16ps %%zmm15, %%zmm8, %%zmm" #i "\n\t"
#define TWOFOUR_BF16_ADDRESSED_512(i) "vdpbf16ps " #i "*64(%0), %%zmm15, %%zmm" #i "\n\t"
#define TWOFOUR_BF16_SHUFFLED_512(i)    \
  "vpbroadcastq " #i                    \
  "*8(%0), %%zmm8\n\t"                  \
  "vpshufb %%zmm14, %%zmm8, %%zmm9\n\t" \
  "vdpbf16ps %%zmm15, %%zmm9, %%zmm" #i "\n\t"
// float32, AVX-512: single activations broadcast, shuffled, or chosen by address.
#define TWOFOUR_F32_DENSE_512(i) "vfmadd231ps " #i "*4(%0)%{1to16%}, %%zmm15, %%zmm" #i "\n\t"
#define TWOFOUR_F32_SHUFFLED_512(i)       \
  "vbroadcastf32x4 " #i                   \
  "*16(%0), %%zmm8\n\t"                   \
  "vpermilps %%zmm14, %%zmm8, %%zmm9\n\t" \
  "vfmadd231ps %%zmm15, %%zmm9, %%zmm" #i "\n\t"
#define TWOFOUR_F32_ADDRESSED_512(i) "vfmadd231ps " #i "*64(%0), %%zmm15, %%zmm" #i "\n\t"
// float32, AVX2: single activations broadcast or shuffled, for two vectors of columns.
#define TWOFOUR_F32_DENSE_256(i, j)       \
  "vbroadcastss " #i                      \
  "*4(%0), %%ymm8\n\t"                    \
  "vfmadd231ps %%ymm15, %%ymm8, %%ymm" #i \
  "\n\t"                                  \
  "vfmadd231ps %%ymm14, %%ymm8, %%ymm" #j "\n\t"
#define TWOFOUR_F32_SHUFFLED_256(i, j)     \
  "vbroadcastf128 " #i                     \
  "*16(%0), %%ymm8\n\t"                    \
  "vpermilps %%ymm14, %%ymm8, %%ymm9\n\t"  \
  "vfmadd231ps %%ymm15, %%ymm9, %%ymm" #i  \
  "\n\t"                                   \
  "vpermilps %%ymm13, %%ymm8, %%ymm10\n\t" \
  "vfmadd231ps %%ymm12, %%ymm10, %%ymm" #j "\n\t"
#define TWOFOUR_F32_ADDRESSED_256(i) "vfmadd231ps " #i "*32(%0), %%ymm15, %%ymm" #i "\n\t"
// int8, AVX2: sixteen-bit products of pairs, summed.
#define TWOFOUR_I8_DENSE_256(i)           \
  "vpmaddwd %%ymm15, %%ymm14, %%ymm8\n\t" \
  "vpaddd %%ymm8, %%ymm" #i ", %%ymm" #i "\n\t"
#define TWOFOUR_I8_ADDRESSED_256(i) \
  "vpmaddwd " #i                    \
  "*32(%0), %%ymm15, %%ymm8\n\t"    \
  "vpaddd %%ymm8, %%ymm" #i ", %%ymm" #i "\n\t"
#define TWOFOUR_I8_SHUFFLED_256(i)       \
  "vpshufb %%ymm14, %%ymm13, %%ymm9\n\t" \
  "vpmaddwd %%ymm15, %%ymm9, %%ymm8\n\t" \
  "vpaddd %%ymm8, %%ymm" #i ", %%ymm" #i "\n\t"

alignas(64) constinit std::array<std::byte, 1024> memory{};

#define TWOFOUR_DEFINE(name, eight) \
  void name() { asm volatile(eight eight eight eight ::"r"(memory.data()) : TWOFOUR_CLOBBERS); }
#define TWOFOUR_DEFINE_MIX(name, mix) TWOFOUR_DEFINE(name, TWOFOUR_EIGHT(mix))
TWOFOUR_DEFINE_MIX(i8_dense_512, TWOFOUR_I8_DENSE_512)
TWOFOUR_DEFINE_MIX(i8_shuffled_512, TWOFOUR_I8_SHUFFLED_512)
TWOFOUR_DEFINE_MIX(bf16_dense_512, TWOFOUR_BF16_DENSE_512)
TWOFOUR_DEFINE_MIX(bf16_shuffled_512, TWOFOUR_BF16_SHUFFLED_512)
TWOFOUR_DEFINE_MIX(bf16_addressed_512, TWOFOUR_BF16_ADDRESSED_512)
TWOFOUR_DEFINE_MIX(f32_dense_512, TWOFOUR_F32_DENSE_512)
TWOFOUR_DEFINE_MIX(f32_shuffled_512, TWOFOUR_F32_SHUFFLED_512)
TWOFOUR_DEFINE_MIX(f32_addressed_512, TWOFOUR_F32_ADDRESSED_512)
TWOFOUR_DEFINE_MIX(i8_dense_256, TWOFOUR_I8_DENSE_256)
TWOFOUR_DEFINE_MIX(i8_shuffled_256, TWOFOUR_I8_SHUFFLED_256)
TWOFOUR_DEFINE_MIX(i8_addressed_256, TWOFOUR_I8_ADDRESSED_256)
TWOFOUR_DEFINE(f32_dense_256, TWOFOUR_FOUR_PAIRS(TWOFOUR_F32_DENSE_256))
TWOFOUR_DEFINE(f32_shuffled_256, TWOFOUR_FOUR_PAIRS(TWOFOUR_F32_SHUFFLED_256))
TWOFOUR_DEFINE_MIX(f32_addressed_256, TWOFOUR_F32_ADDRESSED_256)
constexpr int kMixesPerCall = 4 * 8;

struct Mix {
  Isa isa;
  DataType type;
  Choice choice;
  void (*run)();
  double multiply_adds;  ///< dense-equivalent, of one mix
};
constexpr std::array kMixes{
    Mix{Isa::kAvx512, DataType::kInt8, Choice::kNone, i8_dense_512, 128},
    Mix{Isa::kAvx512, DataType::kInt8, Choice::kShuffle, i8_shuffled_512, 256},
    Mix{Isa::kAvx512Bf16, DataType::kBf16, Choice::kNone, bf16_dense_512, 32},
    Mix{Isa::kAvx512Bf16, DataType::kBf16, Choice::kShuffle, bf16_shuffled_512, 64},
    Mix{Isa::kAvx512Bf16, DataType::kBf16, Choice::kAddress, bf16_addressed_512, 64},
    Mix{Isa::kAvx512, DataType::kBf16, Choice::kNone, f32_dense_512, 16},
    Mix{Isa::kAvx512, DataType::kBf16, Choice::kShuffle, f32_shuffled_512, 32},
    Mix{Isa::kAvx512, DataType::kBf16, Choice::kAddress, f32_addressed_512, 32},
    Mix{Isa::kAvx2, DataType::kInt8, Choice::kNone, i8_dense_256, 16},
    Mix{Isa::kAvx2, DataType::kInt8, Choice::kShuffle, i8_shuffled_256, 32},
    Mix{Isa::kAvx2, DataType::kInt8, Choice::kAddress, i8_addressed_256, 32},
    Mix{Isa::kAvx2, DataType::kBf16, Choice::kNone, f32_dense_256, 8},
    Mix{Isa::kAvx2, DataType::kBf16, Choice::kShuffle, f32_shuffled_256, 16},
    Mix{Isa::kAvx2, DataType::kBf16, Choice::kAddress, f32_addressed_256, 16},
};

#endif

}  // namespace

double cycle_seconds() {
#if defined(__x86_64__)
  // Two registers: adding a constant takes some processors (Golden Cove) no time at all.
  constexpr int kAdditions = 64;
  std::uint64_t value = 0;
  return fastest(1000,
                 [&] {
                   asm volatile(".rept 64\n\tadd %1, %0\n\t.endr"
                                : "+r"(value)
                                : "r"(std::uint64_t{1}));
                 }) /
         kAdditions;
#else
  return std::numeric_limits<double>::quiet_NaN();
#endif
}

std::optional<double> multiply_adds_per_cycle_limit(Isa isa, DataType type, Choice choice) {
#if defined(__x86_64__)
  // Three formats are float32 to AVX2, and to AVX-512 without BF16.
  const bool as_floats = isa == Isa::kAvx2 || isa == Isa::kAvx512;
  if (as_floats && type != DataType::kInt8) type = DataType::kBf16;
  static std::map<const Mix*, double> measured;
  for (const Mix& mix : kMixes) {
    if (mix.isa != isa || mix.type != type || mix.choice != choice) continue;
    const auto [entry, is_new] = measured.try_emplace(&mix);
    if (is_new) {
      const double cycles = fastest(2000, mix.run) / kMixesPerCall / cycle_seconds();
      entry->second = mix.multiply_adds / cycles;
    }
    return entry->second;
  }
#endif
  return std::nullopt;
}

}  // namespace twofour::bench
