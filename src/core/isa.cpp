#include "core/isa.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace twofour {
namespace {

#if defined(__x86_64__)

/// Intel SDM volume 2, CPUID leaf 1, ECX: F16C is bit 29. Not every compiler's own test knows it.
bool has_f16c() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & 1u << 29) != 0;
}

/// Intel SDM volume 2, CPUID leaf 7 sub-leaf 0, EDX: AMX-BF16 is bit 22, AMX-TILE 24, AMX-INT8 25.
/// Read here because the compiler's own test does not know AMX in every version we build with.
bool has_amx_instructions() {
  constexpr unsigned kBits = 1u << 22 | 1u << 24 | 1u << 25;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kBits) == kBits;
}

/// Linux gives the 8 KiB of tile state only to processes that ask (Documentation/arch/x86/xstate).
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

Isa detect() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("bmi2") || !has_f16c()) {
    return Isa::kPortable;
  }
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni");
  if (!avx512) return Isa::kAvx2;
  if (!__builtin_cpu_supports("avx512bf16")) return Isa::kAvx512;
  // Our AMX kernels expand 2:4 weights by VBMI2's VPEXPAND.
  const bool amx = __builtin_cpu_supports("avx512vbmi2") && has_amx_instructions();
  return amx && may_use_tiles() ? Isa::kAmx : Isa::kAvx512Bf16;
}

#else

Isa detect() { return Isa::kPortable; }

#endif

std::string isa_names() {
  std::string names;
  for (const std::string_view name : kIsaNames) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

}  // namespace

Isa detected_isa() {
  static const Isa isa = detect();
  return isa;
}

Isa best_isa() {
  const char* wanted = std::getenv("TWOFOUR_ISA");
  if (wanted == nullptr || *wanted == '\0') return detected_isa();
  const auto isa = parse_isa(wanted);
  if (!isa) {
    throw std::invalid_argument("TWOFOUR_ISA: '" + std::string(wanted) +
                                "' is not an instruction set; use one of " + isa_names());
  }
  return std::min(*isa, detected_isa());
}

}  // namespace twofour
