// Operand, output and accumulator types, in the names that the command line, the kernels and the
// files use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace twofour {

enum class DataType : std::uint8_t { kInt8, kFp8E4m3, kBf16, kFp16, kFp32 };

/// Every name one type goes by. `kernel_name` is the part used in kernel names ("i8"), `cli_name`
/// the value of --dtype ("int8"), `torch_name` the one in file names and labels ("torch.int8").
struct DataTypeInfo {
  DataType type;
  std::string_view kernel_name;
  std::string_view cli_name;
  std::string_view torch_name;
  int bytes;
};

inline constexpr std::array<DataTypeInfo, 5> kDataTypes{{
    {DataType::kInt8, "i8", "int8", "torch.int8", 1},
    {DataType::kFp8E4m3, "fp8", "fp8", "torch.float8_e4m3fn", 1},
    {DataType::kBf16, "bf16", "bf16", "torch.bfloat16", 2},
    {DataType::kFp16, "fp16", "fp16", "torch.float16", 2},
    {DataType::kFp32, "f32", "fp32", "torch.float32", 4},
}};

constexpr const DataTypeInfo& info(DataType type) {
  return kDataTypes[static_cast<std::size_t>(type)];
}

/// Size of one element in bytes.
constexpr int size_of(DataType type) { return info(type).bytes; }

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
