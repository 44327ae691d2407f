// What matrix instructions add up in, and how inline assembly names it.
#pragma once

#include <cstdint>

#include "core/data_type.h"

namespace twofour::providers::cuda::sm90 {

/// float but for integers.
template <DataType kType>
struct AccumulatorOf {
  using Type = float;
};
template <>
struct AccumulatorOf<DataType::kInt8> {
  using Type = std::int32_t;
};
template <DataType kType>
using Accumulator = typename AccumulatorOf<kType>::Type;

#define TWOFOUR_PLUS_FLOAT(x) "+f"(x)
#define TWOFOUR_PLUS_INT(x) "+r"(x)

}  // namespace twofour::providers::cuda::sm90
