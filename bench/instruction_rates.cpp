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
// cover every latency. Registers 8 to 15 take what the other instructions make; 16 stays out of
// reach of AVX2, so 15 doubles as the constant operand. `%0` is 1 KiB of readable memory.
#define TWOFOUR_EIGHT(mix) mix(0) mix(1) mix(2) mix(3) mix(4) mix(5) mix(6) mix(7)
#define TWOFOUR_CLOBBERS                                                                    \
  "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
      "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

// int8, AVX-512: activations broadcast from memory, multiplied.
#define TWOFOUR_I8_DENSE_512(i) \
  "vpbroadcastd " #i            \
  "*4(%0), %%zmm8\n\t"          \
  "vpdpbusd %%zmm15, %%zmm8, %%zmm" #i "\n\t"
#define TWOFOUR_I8_SPARSE_512(i)        \
  "vpbroadcastq " #i                    \
  "*8(%0), %%zmm8\n\t"                  \
  "vpshufb %%zmm14, %%zmm8, %%zmm9\n\t" \
  "vpdpbusd %%zmm15, %%zmm9, %%zmm" #i "\n\t"
// bf16, AVX-512: a pair of activations broadcast; for 2:4 pairs chosen by address.
#define TWOFOUR_BF16_DENSE_512(i) \
  "vpbroadcastd " #i              \
  "*4(%0), %%zmm8\n\t"            \
  "vdpbf16ps %%zmm15, %%zmm8, %%zmm" #i "\n\t"
#define TWOFOUR_BF16_SPARSE_512(i) "vdpbf16ps " #i "*64(%0), %%zmm15, %%zmm" #i "\n\t"
// int8, AVX2: sixteen-bit products of pairs, summed.
#define TWOFOUR_I8_DENSE_256(i)           \
  "vpmaddwd %%ymm15, %%ymm14, %%ymm8\n\t" \
  "vpaddd %%ymm8, %%ymm" #i ", %%ymm" #i "\n\t"
#define TWOFOUR_I8_SPARSE_256(i)         \
  "vpshufb %%ymm14, %%ymm13, %%ymm9\n\t" \
  "vpmaddwd %%ymm15, %%ymm9, %%ymm8\n\t" \
  "vpaddd %%ymm8, %%ymm" #i ", %%ymm" #i "\n\t"

alignas(64) constinit std::array<std::byte, 1024> memory{};

#define TWOFOUR_DEFINE_MIX(name, mix)                                     \
  void name() {                                                           \
    asm volatile(TWOFOUR_EIGHT(mix) TWOFOUR_EIGHT(mix) TWOFOUR_EIGHT(mix) \
                     TWOFOUR_EIGHT(mix)::"r"(memory.data())               \
                 : TWOFOUR_CLOBBERS);                                     \
  }
TWOFOUR_DEFINE_MIX(i8_dense_512, TWOFOUR_I8_DENSE_512)
TWOFOUR_DEFINE_MIX(i8_sparse_512, TWOFOUR_I8_SPARSE_512)
TWOFOUR_DEFINE_MIX(bf16_dense_512, TWOFOUR_BF16_DENSE_512)
TWOFOUR_DEFINE_MIX(bf16_sparse_512, TWOFOUR_BF16_SPARSE_512)
TWOFOUR_DEFINE_MIX(i8_dense_256, TWOFOUR_I8_DENSE_256)
TWOFOUR_DEFINE_MIX(i8_sparse_256, TWOFOUR_I8_SPARSE_256)
constexpr int kMixesPerCall = 4 * 8;

struct Mix {
  Isa isa;
  DataType type;
  Sparsity sparsity;
  void (*run)();
  double multiply_adds;  ///< dense-equivalent, of one mix
};
constexpr std::array kMixes{
    Mix{Isa::kAvx512, DataType::kInt8, Sparsity::kDense, i8_dense_512, 64},
    Mix{Isa::kAvx512, DataType::kInt8, Sparsity::kTwoFour, i8_sparse_512, 128},
    Mix{Isa::kAvx512, DataType::kBf16, Sparsity::kDense, bf16_dense_512, 32},
    Mix{Isa::kAvx512, DataType::kBf16, Sparsity::kTwoFour, bf16_sparse_512, 64},
    Mix{Isa::kAvx2, DataType::kInt8, Sparsity::kDense, i8_dense_256, 16},
    Mix{Isa::kAvx2, DataType::kInt8, Sparsity::kTwoFour, i8_sparse_256, 32},
};

#endif

}  // namespace

double cycle_seconds() {
#if defined(__x86_64__)
  constexpr int kAdditions = 64;
  std::uint64_t value = 0;
  return fastest(1000, [&] { asm volatile(".rept 64\n\tadd $1, %0\n\t.endr"
                                          : "+r"(value)); }) /
         kAdditions;
#else
  return std::numeric_limits<double>::quiet_NaN();
#endif
}

std::optional<double> multiply_adds_per_cycle_limit(Isa isa, DataType type, Sparsity sparsity) {
#if defined(__x86_64__)
  static std::map<const Mix*, double> measured;
  for (const Mix& mix : kMixes) {
    if (mix.isa != isa || mix.type != type || mix.sparsity != sparsity) continue;
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
