#include "core/processor.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/input_error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace twofour {
namespace {

enum Register : std::uint8_t { kEax, kEbx, kEcx, kEdx };

// Registers that the operating system must save when it switches threads, as bits of XCR0.
constexpr std::uint64_t kNoState = 0;
constexpr std::uint64_t kYmmState = 0x6;
constexpr std::uint64_t kZmmState = 0xE6;
constexpr std::uint64_t kTileState = 0x60000;

/// Where CPUID shows a feature (Intel's Software Developer's Manual, volume 2, CPUID). The
/// compiler's own test does not know all of them in every version that we build with.
struct FeatureBit {
  Feature feature;
  std::uint32_t leaf;
  std::uint32_t subleaf;
  Register where;
  unsigned bit;
  std::uint64_t state;
};

constexpr std::array<FeatureBit, 16> kFeatureBits{{
    {Feature::kAvx2, 7, 0, kEbx, 5, kYmmState},
    {Feature::kFma, 1, 0, kEcx, 12, kYmmState},
    {Feature::kF16c, 1, 0, kEcx, 29, kYmmState},
    {Feature::kBmi2, 7, 0, kEbx, 8, kNoState},
    {Feature::kAvxVnni, 7, 1, kEax, 4, kYmmState},
    {Feature::kAvx512F, 7, 0, kEbx, 16, kZmmState},
    {Feature::kAvx512Bw, 7, 0, kEbx, 30, kZmmState},
    {Feature::kAvx512Dq, 7, 0, kEbx, 17, kZmmState},
    {Feature::kAvx512Vl, 7, 0, kEbx, 31, kZmmState},
    {Feature::kAvx512Vnni, 7, 0, kEcx, 11, kZmmState},
    {Feature::kAvx512Vbmi2, 7, 0, kEcx, 6, kZmmState},
    {Feature::kAvx512Bf16, 7, 1, kEax, 5, kZmmState},
    {Feature::kAmxTile, 7, 0, kEdx, 24, kTileState},
    {Feature::kAmxInt8, 7, 0, kEdx, 25, kTileState},
    {Feature::kAmxBf16, 7, 0, kEdx, 22, kTileState},
    {Feature::kClflushopt, 7, 0, kEbx, 23, kNoState},
}};

#if defined(__x86_64__)

std::array<std::uint32_t, 4> ask_processor(std::uint32_t leaf, std::uint32_t subleaf) {
  std::array<std::uint32_t, 4> r{};
  if (__get_cpuid_count(leaf, subleaf, &r[kEax], &r[kEbx], &r[kEcx], &r[kEdx]) == 0) return {};
  return r;
}

std::uint64_t read_xcr0() {
  constexpr std::uint32_t kOsxsave = 1u << 27;
  if ((ask_processor(1, 0)[kEcx] & kOsxsave) == 0) return 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

/// Linux gives the 8 KiB of tile state only to processes that ask (Documentation/arch/x86/xstate).
bool ask_for_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

#endif

std::string isa_names() {
  std::string names;
  for (const IsaInfo& row : kIsas) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

}  // namespace

Features features_of(Cpuid cpuid, std::uint64_t xcr0, FunctionRef<bool()> may_use_tiles) {
  Features features;
  for (const FeatureBit& row : kFeatureBits) {
    const bool there = (cpuid(row.leaf, row.subleaf)[row.where] >> row.bit & 1u) != 0;
    if (there && (xcr0 & row.state) == row.state) features = features | Features{row.feature};
  }
  constexpr Features kTiles{Feature::kAmxTile, Feature::kAmxInt8, Feature::kAmxBf16};
  if (features.has({Feature::kAmxTile}) && may_use_tiles()) return features;
  return features & ~kTiles;
}

Features processor_features() {
#if defined(__x86_64__)
  static const Features features =
      features_of([](auto leaf, auto subleaf) { return ask_processor(leaf, subleaf); }, read_xcr0(),
                  [] { return ask_for_tiles(); });
  return features;
#else
  return {};
#endif
}

Features usable_features() {
  const char* wanted = std::getenv("TWOFOUR_ISA");
  if (wanted == nullptr || *wanted == '\0') return processor_features();
  const auto isa = parse_isa(wanted);
  if (!isa) {
    throw InputError("TWOFOUR_ISA: '" + std::string(wanted) +
                     "' is not an instruction set; use one of " + isa_names());
  }
  return lowered_to(processor_features(), *isa);
}

Isa detected_isa() { return best_isa_of(processor_features()); }

Isa best_isa() { return best_isa_of(usable_features()); }

std::string hypervisor() {
#if defined(__x86_64__)
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  // CPUID leaf 1, ECX bit 31 is kept for hypervisors; leaf 0x40000000 is theirs.
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx >> 31) == 0) return {};
  __cpuid(0x40000000, eax, ebx, ecx, edx);
  std::array<char, 13> signature{};
  std::memcpy(signature.data(), &ebx, 4);
  std::memcpy(signature.data() + 4, &ecx, 4);
  std::memcpy(signature.data() + 8, &edx, 4);
  const std::string_view text(signature.data());
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{{
      {"KVMKVMKVM", "KVM"},
      {"VMwareVMware", "VMware"},
      {"Microsoft Hv", "Hyper-V"},
      {"XenVMMXenVMM", "Xen"},
      {"TCGTCGTCGTCG", "QEMU"},
  }};
  for (const auto& [key, name] : kNames) {
    if (text == key) return std::string(name);
  }
  return text.empty() ? "unnamed" : std::string(text);
#else
  return {};
#endif
}

}  // namespace twofour
