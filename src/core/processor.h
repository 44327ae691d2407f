// What this processor and operating system offer to code that is chosen at run time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/function_ref.h"

namespace twofour {

/// Instructions that some of our code needs, in the words of Intel's Software Developer's Manual.
enum class Feature : std::uint8_t {
  kAvx2,
  kFma,
  kF16c,
  kBmi2,
  kAvxVnni,
  kAvx512F,
  kAvx512Bw,
  kAvx512Dq,
  kAvx512Vl,
  kAvx512Vnni,
  kAvx512Vbmi2,
  kAvx512Bf16,
  kAmxTile,
  kAmxInt8,
  kAmxBf16,
  kClflushopt,
};

/// A set of features. Processors are no line in which each has what the one before it had: code
/// names all that it needs.
class Features {
 public:
  constexpr Features() = default;
  constexpr Features(std::initializer_list<Feature> features) {
    for (const Feature feature : features) bits_ |= 1u << static_cast<unsigned>(feature);
  }

  /// Whether all of `needed` are among these.
  [[nodiscard]] constexpr bool has(Features needed) const {
    return (bits_ & needed.bits_) == needed.bits_;
  }
  friend constexpr Features operator|(Features x, Features y) {
    return Features(x.bits_ | y.bits_);
  }
  friend constexpr Features operator&(Features x, Features y) {
    return Features(x.bits_ & y.bits_);
  }
  friend constexpr Features operator~(Features x) { return Features(~x.bits_); }
  constexpr bool operator==(const Features&) const = default;

 private:
  constexpr explicit Features(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

/// What the compiler may use anywhere in the source file that includes this; it has internal
/// linkage because it differs from file to file.
static constexpr Features kCompiledFor = Features{}
#if defined(__AVX2__)
                                         | Features{Feature::kAvx2}
#endif
#if defined(__FMA__)
                                         | Features{Feature::kFma}
#endif
#if defined(__F16C__)
                                         | Features{Feature::kF16c}
#endif
#if defined(__BMI2__)
                                         | Features{Feature::kBmi2}
#endif
#if defined(__AVXVNNI__)
                                         | Features{Feature::kAvxVnni}
#endif
#if defined(__AVX512F__)
                                         | Features{Feature::kAvx512F}
#endif
#if defined(__AVX512BW__)
                                         | Features{Feature::kAvx512Bw}
#endif
#if defined(__AVX512DQ__)
                                         | Features{Feature::kAvx512Dq}
#endif
#if defined(__AVX512VL__)
                                         | Features{Feature::kAvx512Vl}
#endif
#if defined(__AVX512VNNI__)
                                         | Features{Feature::kAvx512Vnni}
#endif
#if defined(__AVX512VBMI2__)
                                         | Features{Feature::kAvx512Vbmi2}
#endif
#if defined(__AVX512BF16__)
                                         | Features{Feature::kAvx512Bf16}
#endif
;

/// Sets of features that have a name: a folder of kernels each, the values of TWOFOUR_ISA, and what
/// records call `architecture`. kAvx512 is what Cascade Lake and Ice Lake have; our AMX kernels
/// expand 2:4 weights by VBMI2's VPEXPAND.
enum class Isa : std::uint8_t { kPortable, kAvx2, kAvx512, kAvx512Bf16, kAmx };

struct IsaInfo {
  Isa isa;
  std::string_view name;
  Features features;
};

namespace detail {
inline constexpr Features kAvx2Set{Feature::kAvx2, Feature::kFma, Feature::kF16c, Feature::kBmi2};
inline constexpr Features kAvx512Set =
    kAvx2Set | Features{Feature::kAvx512F, Feature::kAvx512Bw, Feature::kAvx512Dq,
                        Feature::kAvx512Vl, Feature::kAvx512Vnni};
inline constexpr Features kAvx512Bf16Set = kAvx512Set | Features{Feature::kAvx512Bf16};
inline constexpr Features kAmxSet =
    kAvx512Bf16Set |
    Features{Feature::kAvx512Vbmi2, Feature::kAmxTile, Feature::kAmxInt8, Feature::kAmxBf16};
}  // namespace detail

/// The best ones last.
inline constexpr std::array<IsaInfo, 5> kIsas{{
    {Isa::kPortable, "portable", {}},
    {Isa::kAvx2, "avx2", detail::kAvx2Set},
    {Isa::kAvx512, "avx512", detail::kAvx512Set},
    {Isa::kAvx512Bf16, "avx512_bf16", detail::kAvx512Bf16Set},
    {Isa::kAmx, "amx", detail::kAmxSet},
}};

constexpr const IsaInfo& info(Isa isa) { return kIsas[static_cast<std::size_t>(isa)]; }

constexpr std::string_view to_string(Isa isa) { return info(isa).name; }

constexpr std::optional<Isa> parse_isa(std::string_view text) {
  for (const IsaInfo& row : kIsas) {
    if (row.name == text) return row.isa;
  }
  return std::nullopt;
}

/// The best set that is whole in `features`.
constexpr Isa best_isa_of(Features features) {
  Isa best = Isa::kPortable;
  for (const IsaInfo& row : kIsas) {
    if (features.has(row.features)) best = row.isa;
  }
  return best;
}

/// `features` without what belongs to some set with a name, but not to `isa`.
constexpr Features lowered_to(Features features, Isa isa) {
  Features named;
  for (const IsaInfo& row : kIsas) named = named | row.features;
  return features & (info(isa).features | ~named);
}

/// What CPUID says of a leaf and sub-leaf: EAX, EBX, ECX and EDX, zeros for a leaf that there is
/// not.
using Cpuid = FunctionRef<std::array<std::uint32_t, 4>(std::uint32_t leaf, std::uint32_t subleaf)>;

/// The features of a processor whose operating system saves the registers that `xcr0` (XGETBV) has
/// bits for. `may_use_tiles` is asked only where processor and system have tiles.
Features features_of(Cpuid cpuid, std::uint64_t xcr0, FunctionRef<bool()> may_use_tiles);

/// Those of this machine; none but on x86-64. Asks Linux for the use of tiles the first time.
Features processor_features();

/// processor_features() lowered to the set that the environment variable TWOFOUR_ISA names. Throws
/// InputError when the variable names none.
Features usable_features();

/// The best set with a name in processor_features().
Isa detected_isa();
/// The same of usable_features(); throws as it does.
Isa best_isa();

/// "KVM", "VMware", ..., the signature itself when it is unknown, or empty on bare metal.
std::string hypervisor();

}  // namespace twofour
