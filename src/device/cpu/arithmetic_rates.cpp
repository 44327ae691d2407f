#include "device/cpu/arithmetic_rates.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/parallel.h"
#include "device/cpu/timer.h"
#include "operands/fill.h"

namespace twofour::device::cpu {
namespace {

#if defined(__x86_64__)

/// Operands of all registers or tiles: 4 KiB of codes of one type.
struct alignas(64) OperandBytes {
  std::array<std::byte, 4096> bytes{};
};

/// Runs a mix `repeats` times on operands from `data`.
using MixFunction = void (*)(const std::byte* data, std::int64_t repeats);

// A mix is written for twelve independent sums in registers 0 to 11, enough to cover a latency of
// five cycles twice an instruction; it uses operands in 12 to 15.
#define TWOFOUR_TWELVE(mix) \
  mix(0) mix(1) mix(2) mix(3) mix(4) mix(5) mix(6) mix(7) mix(8) mix(9) mix(10) mix(11)
constexpr double kSums = 12;

#define TWOFOUR_CLEAR(i) "pxor %%xmm" #i ", %%xmm" #i "\n\t"

#define TWOFOUR_DEFINE_MIX(name, load, mix, leave)                                                 \
  void name(const std::byte* data, std::int64_t repeats) {                                         \
    asm volatile(TWOFOUR_TWELVE(TWOFOUR_CLEAR) load                                                \
                 "1:\n\t" TWOFOUR_TWELVE(mix) "dec %1\n\tjnz 1b\n\t" leave                         \
                 : "+r"(data), "+r"(repeats)                                                       \
                 :                                                                                 \
                 : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                   "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");          \
  }

#define TWOFOUR_LOAD_512                                     \
  "vmovdqu64 (%0), %%zmm12\n\tvmovdqu64 64(%0), %%zmm13\n\t" \
  "vmovdqu64 128(%0), %%zmm14\n\tvmovdqu64 192(%0), %%zmm15\n\t"
#define TWOFOUR_LOAD_256                                 \
  "vmovdqu (%0), %%ymm12\n\tvmovdqu 64(%0), %%ymm13\n\t" \
  "vmovdqu 128(%0), %%ymm14\n\tvmovdqu 192(%0), %%ymm15\n\t"
#define TWOFOUR_LOAD_128                               \
  "movdqu (%0), %%xmm12\n\tmovdqu 64(%0), %%xmm13\n\t" \
  "movdqu 128(%0), %%xmm14\n\tmovdqu 192(%0), %%xmm15\n\t"
#define TWOFOUR_LEAVE "vzeroupper\n\t"

#define TWOFOUR_DPBUSD_512(i) "vpdpbusd %%zmm12, %%zmm13, %%zmm" #i "\n\t"
#define TWOFOUR_DPBF16_512(i) "vdpbf16ps %%zmm12, %%zmm13, %%zmm" #i "\n\t"
#define TWOFOUR_FMA_512(i) "vfmadd231ps %%zmm12, %%zmm13, %%zmm" #i "\n\t"
#define TWOFOUR_DPBUSD_256(i) "%{vex%} vpdpbusd %%ymm12, %%ymm13, %%ymm" #i "\n\t"
#define TWOFOUR_FMA_256(i) "vfmadd231ps %%ymm12, %%ymm13, %%ymm" #i "\n\t"
// Sixteen-bit products of pairs, exact; or of bytes, which can saturate, widened afterwards.
#define TWOFOUR_MADDWD_256(i)              \
  "vpmaddwd %%ymm12, %%ymm13, %%ymm14\n\t" \
  "vpaddd %%ymm14, %%ymm" #i ", %%ymm" #i "\n\t"
#define TWOFOUR_MADDUBSW_256(i)              \
  "vpmaddubsw %%ymm12, %%ymm13, %%ymm14\n\t" \
  "vpmaddwd %%ymm15, %%ymm14, %%ymm14\n\t"   \
  "vpaddd %%ymm14, %%ymm" #i ", %%ymm" #i "\n\t"
// The baseline overwrites one operand of each instruction.
#define TWOFOUR_MADDWD_128(i)    \
  "movdqa %%xmm12, %%xmm14\n\t"  \
  "pmaddwd %%xmm13, %%xmm14\n\t" \
  "paddd %%xmm14, %%xmm" #i "\n\t"
#define TWOFOUR_MULADD_128(i)   \
  "movaps %%xmm12, %%xmm14\n\t" \
  "mulps %%xmm13, %%xmm14\n\t"  \
  "addps %%xmm14, %%xmm" #i "\n\t"

TWOFOUR_DEFINE_MIX(dpbusd_512, TWOFOUR_LOAD_512, TWOFOUR_DPBUSD_512, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(dpbf16_512, TWOFOUR_LOAD_512, TWOFOUR_DPBF16_512, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(fma_512, TWOFOUR_LOAD_512, TWOFOUR_FMA_512, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(dpbusd_256, TWOFOUR_LOAD_256, TWOFOUR_DPBUSD_256, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(fma_256, TWOFOUR_LOAD_256, TWOFOUR_FMA_256, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(maddwd_256, TWOFOUR_LOAD_256, TWOFOUR_MADDWD_256, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(maddubsw_256, TWOFOUR_LOAD_256, TWOFOUR_MADDUBSW_256, TWOFOUR_LEAVE)
TWOFOUR_DEFINE_MIX(maddwd_128, TWOFOUR_LOAD_128, TWOFOUR_MADDWD_128, "")
TWOFOUR_DEFINE_MIX(muladd_128, TWOFOUR_LOAD_128, TWOFOUR_MULADD_128, "")

/// Operand of LDTILECFG, palette 1: eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows{16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

// Tiles 0 to 3 are sums of the operands in 4, 5 (A) and 6, 7 (B): four are enough to cover the
// latency of 52 cycles at one instruction in 16. The configuration belongs to the thread, and the
// processor is slower while one is loaded, so it is released.
#define TWOFOUR_DEFINE_TILE_MIX(name, instruction)                                          \
  void name(const std::byte* data, std::int64_t repeats) {                                  \
    const TileConfig config;                                                                \
    asm volatile(                                                                           \
        "ldtilecfg %2\n\t"                                                                  \
        "tilezero %%tmm0\n\ttilezero %%tmm1\n\ttilezero %%tmm2\n\ttilezero %%tmm3\n\t"      \
        "tileloadd (%0,%3,1), %%tmm4\n\ttileloadd 1024(%0,%3,1), %%tmm5\n\t"                \
        "tileloadd 2048(%0,%3,1), %%tmm6\n\ttileloadd 3072(%0,%3,1), %%tmm7\n\t"            \
        "1:\n\t" instruction " %%tmm6, %%tmm4, %%tmm0\n\t" instruction                      \
        " %%tmm7, %%tmm4, %%tmm1\n\t" instruction " %%tmm6, %%tmm5, %%tmm2\n\t" instruction \
        " %%tmm7, %%tmm5, %%tmm3\n\t"                                                       \
        "dec %1\n\tjnz 1b\n\ttilerelease"                                                   \
        : "+r"(data), "+r"(repeats)                                                         \
        : "m"(config), "r"(std::int64_t{64})                                                \
        : "cc", "memory");                                                                  \
  }
TWOFOUR_DEFINE_TILE_MIX(tile_int8, "tdpbssd")
TWOFOUR_DEFINE_TILE_MIX(tile_bf16, "tdpbf16ps")
constexpr double kTileSums = 4;

/// Type of the operands that an instruction multiplies, which decides what is loaded for it.
struct Mix {
  Features needs;
  DataType operands;
  MixFunction run;
  double multiply_adds;  ///< of one repeat
};

// Whole sets, as our kernels need them: where one is not complete, none of them uses what there is.
constexpr Features kAvx2 = info(Isa::kAvx2).features;
constexpr Features kAvx512 = info(Isa::kAvx512).features;
constexpr Features kAvx512Bf16 = info(Isa::kAvx512Bf16).features;

constexpr std::array kMixes{
    Mix{{Feature::kAmxTile, Feature::kAmxInt8},
        DataType::kInt8,
        tile_int8,
        kTileSums * 16 * 16 * 64},
    Mix{{Feature::kAmxTile, Feature::kAmxBf16},
        DataType::kBf16,
        tile_bf16,
        kTileSums * 16 * 16 * 32},
    Mix{kAvx512, DataType::kInt8, dpbusd_512, kSums * 64},
    Mix{kAvx512Bf16, DataType::kBf16, dpbf16_512, kSums * 32},
    Mix{kAvx512, DataType::kFp32, fma_512, kSums * 16},
    Mix{kAvx2 | Features{Feature::kAvxVnni}, DataType::kInt8, dpbusd_256, kSums * 32},
    Mix{kAvx2, DataType::kInt8, maddubsw_256, kSums * 32},
    Mix{kAvx2, DataType::kInt8, maddwd_256, kSums * 16},
    Mix{kAvx2, DataType::kFp32, fma_256, kSums * 8},
    Mix{{}, DataType::kInt8, maddwd_128, kSums * 8},
    Mix{{}, DataType::kFp32, muladd_128, kSums * 4},
};

/// Whether kernels of `type` can do their work with the instructions of `mix`.
bool serves(const Mix& mix, DataType type) {
  if (is_integer(type) || is_integer(mix.operands)) return mix.operands == type;
  return holds(mix.operands, type);
}

/// normal(0, 1) x 5 in the codes of `type`.
OperandBytes random_operands(DataType type) {
  OperandBytes operands;
  const auto* table = operands::quantile_table().data();
  const auto key = operands::stream_key(0, operands::Tensor::kA, 0);
  const auto fill = [&](auto encode) {
    using Code = decltype(encode(0.0F));
    for (std::uint32_t i = 0; i < operands.bytes.size() / sizeof(Code); ++i) {
      const Code code = encode(operands::normal_times_five(table, operands::random_bits(key, i)));
      std::memcpy(operands.bytes.data() + i * sizeof(Code), &code, sizeof(Code));
    }
  };
  if (type == DataType::kFp32) {
    fill([](float value) { return value; });
  } else {
    with_operand_type(type, [&]<DataType kType>() { fill(operands::Format<kType>::encode); });
  }
  return operands;
}

constexpr double kShortestRun_s = 4e-3;
constexpr int kRuns = 6;

double measure(const Mix& mix, int threads) {
  const OperandBytes operands = random_operands(mix.operands);
  double best = 0;
  int runs = 0;
  for (std::int64_t repeats = 1024; runs < kRuns;) {
    const double start = now_s();
    parallel_run(threads, [&](int, int) { mix.run(operands.bytes.data(), repeats); });
    const double elapsed_s = now_s() - start;
    if (elapsed_s < kShortestRun_s) {
      repeats *= 2;
      continue;
    }
    ++runs;
    best = std::max(best, mix.multiply_adds * static_cast<double>(repeats) * threads / elapsed_s);
  }
  return best;
}

#endif

}  // namespace

std::optional<double> measure_multiply_adds_per_s([[maybe_unused]] DataType type,
                                                  [[maybe_unused]] Features features,
                                                  [[maybe_unused]] int threads) {
  std::optional<double> best;
#if defined(__x86_64__)
  for (const Mix& mix : kMixes) {
    if (!features.has(mix.needs) || !serves(mix, type)) continue;
    best = std::max(best, std::optional(measure(mix, threads)));
  }
#endif
  return best;
}

}  // namespace twofour::device::cpu
