#include "operands/six_eight.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "operands/fill.h"
#include "operands/six_eight_group.h"

namespace twofour::operands {
namespace {

constexpr std::int64_t kWindow = 4;
constexpr std::int64_t kWindows = 3;
/// From one window to the next.
constexpr std::int64_t kStep = 2;
constexpr int kWindowKept = 2;

/// `groups` consecutive groups; rows have whole groups, so that they follow one another.
template <std::size_t kBytes>
void expand_groups(const std::byte* from, std::int64_t groups, std::byte* to) {
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::byte* group = from + g * kEightGroup * std::ptrdiff_t{kBytes};
    std::byte* out = to + g * kWindows * kWindow * std::ptrdiff_t{kBytes};
    for (std::int64_t w = 0; w < kWindows; ++w) {
      std::memcpy(out + w * kWindow * std::ptrdiff_t{kBytes},
                  group + w * kStep * std::ptrdiff_t{kBytes}, kWindow * kBytes);
    }
  }
}

template <DataType kType>
void expand_weight_group(const typename Format<kType>::Code* group,
                         typename Format<kType>::Code* out) {
  std::array<int, kWindows> taken{};
  std::fill(out, out + kWindows * kWindow, typename Format<kType>::Code{0});
  for (std::int64_t i = 0; i < kEightGroup; ++i) {
    if (Format<kType>::magnitude(group[i]) == 0) continue;
    for (std::int64_t w = 0; w < kWindows; ++w) {
      const std::int64_t place = i - w * kStep;
      int& count = taken[static_cast<std::size_t>(w)];
      if (place < 0 || place >= kWindow || count == kWindowKept) continue;
      out[w * kWindow + place] = group[i];
      ++count;
      break;
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
      expand_weight_group<kType>(from + g * kEightGroup, to + g * kWindows * kWindow);
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
