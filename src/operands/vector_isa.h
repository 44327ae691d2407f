// Loops that the compiler vectorises, compiled once for each width of vector and chosen at run
// time. The arithmetic in them is exact or in a fixed order, so every choice gives the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace twofour::operands {

/// Instruction sets that with_vector_isa compiles for, widest last.
enum class VectorIsa : std::uint8_t { kPortable, kAvx2, kAvx512 };

#if defined(__x86_64__) && defined(__GNUC__)
#define TWOFOUR_TARGET_AVX2 [[gnu::target("avx2")]]
#define TWOFOUR_TARGET_AVX512 \
  [[gnu::target("avx2,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]]
#else
#define TWOFOUR_TARGET_AVX2
#define TWOFOUR_TARGET_AVX512
#endif

#if defined(__GNUC__)
#define TWOFOUR_INLINE [[gnu::always_inline]] inline
#else
#define TWOFOUR_INLINE inline
#endif

/// Those this processor has, kPortable always first.
inline std::span<const VectorIsa> available_vector_isas() {
  static constexpr std::array kAll{VectorIsa::kPortable, VectorIsa::kAvx2, VectorIsa::kAvx512};
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return kAll;
  }
  if (__builtin_cpu_supports("avx2")) return std::span(kAll).first(2);
#endif
  return std::span(kAll).first(1);
}

inline VectorIsa widest_vector_isa() { return available_vector_isas().back(); }

namespace detail {
// The pointers must be __restrict where the loop is compiled: the compiler drops the promise when
// it inlines `run` (g++ 12), and codes of one byte may alias anything.
template <class T>
struct Parameter {
  using Type = T;
};
template <class T>
struct Parameter<T*> {
  using Type = T* __restrict;
};

template <class Kernel, class... Args>
void run_portable(typename Parameter<Args>::Type... args) {
  Kernel::run(args...);
}
template <class Kernel, class... Args>
TWOFOUR_TARGET_AVX2 void run_avx2(typename Parameter<Args>::Type... args) {
  Kernel::run(args...);
}
template <class Kernel, class... Args>
TWOFOUR_TARGET_AVX512 void run_avx512(typename Parameter<Args>::Type... args) {
  Kernel::run(args...);
}
}  // namespace detail

/// Runs `Kernel::run(args...)` as compiled for `isa`, which this processor must have. `run` is a
/// static function marked TWOFOUR_INLINE with its loops in it and __restrict on its pointers; what
/// it calls should be inline.
template <class Kernel, class... Args>
void with_vector_isa(VectorIsa isa, Args... args) {
  switch (isa) {
    case VectorIsa::kAvx512:
      return detail::run_avx512<Kernel, Args...>(args...);
    case VectorIsa::kAvx2:
      return detail::run_avx2<Kernel, Args...>(args...);
    case VectorIsa::kPortable:
      return detail::run_portable<Kernel, Args...>(args...);
  }
}

}  // namespace twofour::operands
