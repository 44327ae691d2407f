#include "operands/six_eight.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "operands/fill.h"
#include "operands/six_eight_group.h"

namespace twofour::operands {
namespace {

/// `groups` consecutive groups; rows have whole groups, so that they follow one another.
template <std::size_t kBytes>
void expand_groups(const std::byte* from, std::int64_t groups, std::byte* to) {
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::byte* group = from + g * kEightGroup * std::ptrdiff_t{kBytes};
    std::byte* out = to + g * kWindowColumns * std::ptrdiff_t{kBytes};
    for (std::int64_t w = 0; w < kWindows; ++w) {
      std::memcpy(out + w * kWindow * std::ptrdiff_t{kBytes},
                  group + w * kWindowStep * std::ptrdiff_t{kBytes}, kWindow * kBytes);
    }
  }
}

}  // namespace

void expand_activations(DataType type, const void* a, std::int64_t rows, std::int64_t k,
                        void* expanded) {
  with_operand_type(type, [&]<DataType kType>() {
    expand_groups<sizeof(typename Format<kType>::Code)>(static_cast<const std::byte*>(a),
                                                        rows * k / kEightGroup,
                                                        static_cast<std::byte*>(expanded));
  });
}

void expand_weights(DataType type, const void* b, std::int64_t rows, std::int64_t k,
                    void* expanded) {
  with_operand_type(type, [&]<DataType kType>() {
    using Code = typename Format<kType>::Code;
    const auto* from = static_cast<const Code*>(b);
    auto* to = static_cast<Code*>(expanded);
    for (std::int64_t g = 0; g < rows * k / kEightGroup; ++g) {
      expand_weight_group<kType>(from + g * kEightGroup, to + g * kWindowColumns);
    }
  });
}

bool is_six_eight(DataType type, const void* b, std::int64_t rows, std::int64_t k) {
  return with_operand_type(type, [&]<DataType kType>() {
    const auto* codes = static_cast<const typename Format<kType>::Code*>(b);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t begin = 0; begin < k; begin += kEightGroup) {
        const std::int64_t end = std::min(k, begin + kEightGroup);
        const auto non_zeros =
            std::count_if(codes + row * k + begin, codes + row * k + end,
                          [](auto code) { return Format<kType>::magnitude(code) != 0; });
        if (non_zeros > kEightKept) return false;
      }
    }
    return true;
  });
}

}  // namespace twofour::operands
