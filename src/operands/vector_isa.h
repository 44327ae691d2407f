// Loops that the compiler vectorises, compiled once for each width of vector and chosen at run
// time. The arithmetic in them is exact or in a fixed order, so every choice gives the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "core/processor.h"

namespace twofour::operands {

/// Widths of vectors that with_vector_isa compiles for, widest last.
enum class VectorIsa : std::uint8_t { kPortable, kAvx2, kAvx512 };

#if defined(__x86_64__) && defined(__GNUC__)
#define TWOFOUR_TARGET_AVX2 [[gnu::target("avx2")]]
#if defined(__clang__)  // drops a target attribute that names the width; uses 512 bits unasked
#define TWOFOUR_TARGET_AVX512 [[gnu::target("avx2,avx512f,avx512bw,avx512dq,avx512vl")]]
#else
#define TWOFOUR_TARGET_AVX512 \
  [[gnu::target("avx2,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]]
#endif
#else
#define TWOFOUR_TARGET_AVX2
#define TWOFOUR_TARGET_AVX512
#endif

#if defined(__GNUC__)
#define TWOFOUR_INLINE [[gnu::always_inline]] inline
#else
#define TWOFOUR_INLINE inline
#endif

/// What code that is compiled for a width needs: the targets above.
constexpr Features needs(VectorIsa isa) {
  switch (isa) {
    case VectorIsa::kAvx512:
      return {Feature::kAvx2, Feature::kAvx512F, Feature::kAvx512Bw, Feature::kAvx512Dq,
              Feature::kAvx512Vl};
    case VectorIsa::kAvx2:
      return {Feature::kAvx2};
    case VectorIsa::kPortable:
      break;
  }
  return {};
}

/// Those that a processor with `features` has, kPortable always first.
inline std::vector<VectorIsa> available_vector_isas(Features features = processor_features()) {
  std::vector<VectorIsa> available;
  for (const VectorIsa isa : {VectorIsa::kPortable, VectorIsa::kAvx2, VectorIsa::kAvx512}) {
    if (features.has(needs(isa))) available.push_back(isa);
  }
  return available;
}

inline VectorIsa widest_vector_isa() {
  static const VectorIsa widest = available_vector_isas().back();
  return widest;
}

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
