// The types of operands, outputs and sums: one row each, from which everything that is not a kernel
// or a library's own rule follows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace twofour {

enum class DataType : std::uint8_t { kInt8, kFp8E4m3, kBf16, kFp16, kFp32 };

struct DataTypeInfo {
  DataType type;
  std::string_view kernel_name;  ///< in kernel names: "i8"
  std::string_view cli_name;     ///< the value of --dtype: "int8"
  std::string_view torch_name;   ///< in file names and labels: "torch.int8"
  int bits;                      ///< of an element
  int exponent_bits;             ///< 0: a two's complement integer
  int mantissa_bits;             ///< stored ones, without the leading one; 0 for an integer
  /// As IEEE 754 has them; numbers that are too large become infinite. Otherwise the largest
  /// exponent holds numbers too, only all ones is NaN, and too large numbers saturate.
  bool infinities;
  bool operand;  ///< of matrix multiplications
  bool output;   ///< of matrix multiplications, and type of the bias
};

inline constexpr std::array<DataTypeInfo, 5> kDataTypes{{
    {DataType::kInt8, "i8", "int8", "torch.int8", 8, 0, 0, false, true, false},
    {DataType::kFp8E4m3, "fp8", "fp8", "torch.float8_e4m3fn", 8, 4, 3, false, true, false},
    {DataType::kBf16, "bf16", "bf16", "torch.bfloat16", 16, 8, 7, true, true, true},
    {DataType::kFp16, "fp16", "fp16", "torch.float16", 16, 5, 10, true, true, true},
    {DataType::kFp32, "f32", "fp32", "torch.float32", 32, 8, 23, true, false, false},
}};

constexpr const DataTypeInfo& info(DataType type) {
  return kDataTypes[static_cast<std::size_t>(type)];
}

constexpr bool is_integer(DataType type) { return info(type).exponent_bits == 0; }

/// Whether matrix instructions for `type` are those of the 8-bit floating point formats.
constexpr bool is_float8(DataType type) { return info(type).bits == 8 && !is_integer(type); }

/// Whether every value of `narrow` is one of `wide`; both are floating point.
constexpr bool holds(DataType wide, DataType narrow) {
  return info(wide).exponent_bits >= info(narrow).exponent_bits &&
         info(wide).mantissa_bits >= info(narrow).mantissa_bits;
}

/// Bytes of `elements` packed elements, whole bytes.
constexpr std::size_t bytes_of(DataType type, std::int64_t elements) {
  return static_cast<std::size_t>((elements * info(type).bits + 7) / 8);
}

/// Elements that `bytes` bytes hold.
constexpr std::int64_t elements_in(DataType type, std::int64_t bytes) {
  return bytes * 8 / info(type).bits;
}

namespace detail {

template <bool DataTypeInfo::*kWanted>
constexpr bool none_wanted_after(std::size_t row) {
  for (std::size_t i = row + 1; i < kDataTypes.size(); ++i) {
    if (kDataTypes[i].*kWanted) return false;
  }
  return true;
}

template <bool DataTypeInfo::*kWanted, std::size_t kRow = 0, class F>
constexpr decltype(auto) with_wanted_type(DataType type, F& f) {
  constexpr DataTypeInfo kInfo = kDataTypes[kRow];
  if constexpr (!(kInfo.*kWanted)) {
    return with_wanted_type<kWanted, kRow + 1>(type, f);
  } else if constexpr (none_wanted_after<kWanted>(kRow)) {
    return f.template operator()<kInfo.type>();
  } else {
    if (type == kInfo.type) return f.template operator()<kInfo.type>();
    return with_wanted_type<kWanted, kRow + 1>(type, f);
  }
}

}  // namespace detail

/// Calls `f.template operator()<type>()` for the operand type that `type` is at run time: what it
/// does must compile for each of them, and return the same type. Throws std::invalid_argument for a
/// type that is none.
template <class F>
constexpr decltype(auto) with_operand_type(DataType type, F&& f) {
  if (!info(type).operand) {
    throw std::invalid_argument(std::string(info(type).cli_name) + " is no type of operands");
  }
  return detail::with_wanted_type<&DataTypeInfo::operand>(type, f);
}

/// The same for output types.
template <class F>
constexpr decltype(auto) with_output_type(DataType type, F&& f) {
  if (!info(type).output) {
    throw std::invalid_argument(std::string(info(type).cli_name) + " is no type of outputs");
  }
  return detail::with_wanted_type<&DataTypeInfo::output>(type, f);
}

/// The type that a kernel name writes as `name`, or nothing when there is none.
constexpr std::optional<DataType> data_type_from_kernel_name(std::string_view name) {
  for (const auto& row : kDataTypes) {
    if (row.kernel_name == name) return row.type;
  }
  return std::nullopt;
}

/// The type that --dtype writes as `name`, or nothing when there is none.
constexpr std::optional<DataType> data_type_from_cli_name(std::string_view name) {
  for (const auto& row : kDataTypes) {
    if (row.cli_name == name) return row.type;
  }
  return std::nullopt;
}

}  // namespace twofour
