// The loops of the reference, for operands::with_vector_isa. They are exact, or add up in an order
// that does not depend on the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "operands/fill.h"
#include "operands/vector_isa.h"

namespace twofour::verify {

/// What elements are widened to before they are multiplied.
template <DataType kType>
using Wide = std::conditional_t<is_integer(kType), std::int16_t, float>;

/// Elements of a row that are widened and multiplied at a time: rows of a block then stay in the
/// second-level cache, and int32 holds a sum of int8 products, 1024 * 2^14 < 2^31.
inline constexpr std::int64_t kDotChunk = 1024;
/// Lanes of the sums; a chunk is filled up with zeros to a multiple of it.
inline constexpr std::int64_t kDotLanes = 16;

/// wide[i] = codes[i], exactly.
template <DataType kType>
struct WidenRow {
  using Code = typename operands::Format<kType>::Code;
  TWOFOUR_INLINE static void run(const Code* __restrict codes, std::int64_t count,
                                 Wide<kType>* __restrict wide) {
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (is_integer(kType)) {
        wide[i] = static_cast<std::int8_t>(codes[i]);
      } else {
        wide[i] = operands::Format<kType>::decode(codes[i]);
      }
    }
  }
};

/// sums[r] += the dot product of row r of `a` (rows are kDotChunk apart) and `b`, for int8 values.
struct DotInt8Rows {
  TWOFOUR_INLINE static void run(const std::int16_t* __restrict a, std::int64_t rows,
                                 const std::int16_t* __restrict b, std::int64_t count,
                                 double* __restrict sums) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int16_t* row = a + r * kDotChunk;
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < count; ++k) sum += row[k] * b[k];
      sums[r] += sum;
    }
  }
};

/// Vectors of kLanes lanes; g++ 12 takes no size that depends on a template parameter.
template <int kLanes>
struct Vectors;
template <>
struct Vectors<4> {
  using Floats [[gnu::vector_size(16)]] = float;
  using Bits [[gnu::vector_size(16)]] = std::int32_t;
  using Doubles [[gnu::vector_size(32)]] = double;
};
template <>
struct Vectors<8> {
  using Floats [[gnu::vector_size(32)]] = float;
  using Bits [[gnu::vector_size(32)]] = std::int32_t;
  using Doubles [[gnu::vector_size(64)]] = double;
};

/// The same for numbers whose products are exact in float, with the sums of magnitudes. Products
/// are added up in double, magnitudes in float, where 64 of them at most meet in a lane. kVector of
/// the kDotLanes lanes make a vector, which changes no sum.
template <int kVector>
struct DotFloatRows {
  using Floats = typename Vectors<kVector>::Floats;
  using Bits = typename Vectors<kVector>::Bits;
  using Doubles = typename Vectors<kVector>::Doubles;
  static constexpr std::size_t kVectors = static_cast<std::size_t>(kDotLanes) / kVector;

  TWOFOUR_INLINE static void run(const float* __restrict a, std::int64_t rows,
                                 const float* __restrict b, std::int64_t count,
                                 double* __restrict sums, double* __restrict magnitudes) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* row = a + r * kDotChunk;
      Doubles sum[kVectors] = {};
      Floats magnitude[kVectors] = {};
      for (std::int64_t k = 0; k < count; k += kDotLanes) {
        for (std::size_t v = 0; v < kVectors; ++v) {
          const std::int64_t at = k + static_cast<std::int64_t>(v) * kVector;
          add(row + at, b + at, sum[v], magnitude[v]);
        }
      }
      double total = 0;
      double total_magnitude = 0;
      for (int lane = 0; lane < kDotLanes; ++lane) {
        total += sum[lane / kVector][lane % kVector];
        total_magnitude += static_cast<double>(magnitude[lane / kVector][lane % kVector]);
      }
      sums[r] += total;
      magnitudes[r] += total_magnitude;
    }
  }

 private:
  TWOFOUR_INLINE static void add(const float* a, const float* b, Doubles& sum, Floats& magnitude) {
    Floats x;
    Floats y;
    std::memcpy(&x, a, sizeof x);
    std::memcpy(&y, b, sizeof y);
    const Floats product = x * y;
    Bits bits;
    std::memcpy(&bits, &product, sizeof bits);
    bits &= 0x7FFFFFFF;
    Floats absolute;
    std::memcpy(&absolute, &bits, sizeof absolute);
    sum += __builtin_convertvector(product, Doubles);
    magnitude += absolute;
  }
};

/// Runs the fastest DotFloatRows: vectors of doubles as wide as the registers, no wider.
template <class... Args>
void dot_float_rows(operands::VectorIsa isa, Args... args) {
  if (isa == operands::VectorIsa::kAvx512) {
    operands::with_vector_isa<DotFloatRows<8>>(isa, args...);
  } else {
    operands::with_vector_isa<DotFloatRows<4>>(isa, args...);
  }
}

}  // namespace twofour::verify
