// 2:4 groups in device memory.
#pragma once

#include <cstdint>

#include "operands/two_four_group.h"

namespace twofour::device::cuda {

/// The group of four columns that begins at `column` of a row of `columns` elements; zeros beyond
/// the end of the row. `aligned`: columns is a multiple of four, so one vector load does.
template <DataType kType>
__device__ operands::GroupWord<kType> load_group(const typename operands::Format<kType>::Code* row,
                                                 std::int64_t column, std::int64_t columns,
                                                 bool aligned) {
  using Word = operands::GroupWord<kType>;
  if (aligned) return *reinterpret_cast<const Word*>(row + column);
  Word group = 0;
  for (int i = 0; i < 4 && column + i < columns; ++i) {
    group |= static_cast<Word>(row[column + i]) << (i * operands::kCodeBits<kType>);
  }
  return group;
}

/// The inverse of load_group.
template <DataType kType>
__device__ void store_group(typename operands::Format<kType>::Code* row, std::int64_t column,
                            std::int64_t columns, bool aligned, operands::GroupWord<kType> group) {
  using Code = typename operands::Format<kType>::Code;
  if (aligned) {
    *reinterpret_cast<operands::GroupWord<kType>*>(row + column) = group;
    return;
  }
  for (int i = 0; i < 4 && column + i < columns; ++i) {
    row[column + i] = static_cast<Code>(group >> (i * operands::kCodeBits<kType>));
  }
}

/// The element of `group` at `position`.
template <DataType kType>
__device__ typename operands::Format<kType>::Code element_of(operands::GroupWord<kType> group,
                                                             std::uint32_t position) {
  return static_cast<typename operands::Format<kType>::Code>(
      group >> (position * operands::kCodeBits<kType>));
}

}  // namespace twofour::device::cuda
