#include "core/data_type.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace twofour {
namespace {

TEST(DataTypes, StandInTheOrderOfTheirValues) {
  for (std::size_t i = 0; i < kDataTypes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kDataTypes[i].type), i);
    EXPECT_EQ(&info(kDataTypes[i].type), &kDataTypes[i]);
  }
}

TEST(DataTypes, HaveNamesThatLeadBackToThem) {
  for (const DataTypeInfo& row : kDataTypes) {
    EXPECT_EQ(data_type_from_cli_name(row.cli_name), row.type);
    EXPECT_EQ(data_type_from_kernel_name(row.kernel_name), row.type);
    EXPECT_TRUE(row.torch_name.starts_with("torch.")) << row.torch_name;
  }
  EXPECT_EQ(data_type_from_cli_name("i8"), std::nullopt);
  EXPECT_EQ(data_type_from_kernel_name("int8"), std::nullopt);
}

TEST(DataTypes, HaveBitsThatAddUp) {
  for (const DataTypeInfo& row : kDataTypes) {
    if (is_integer(row.type)) {
      EXPECT_EQ(row.mantissa_bits, 0) << row.cli_name;
      EXPECT_FALSE(row.infinities) << row.cli_name;
    } else {
      EXPECT_EQ(1 + row.exponent_bits + row.mantissa_bits, row.bits) << row.cli_name;
    }
  }
}

TEST(DataTypes, BytesOfElementsAreWhole) {
  for (const DataTypeInfo& row : kDataTypes) {
    EXPECT_EQ(bytes_of(row.type, 0), 0U);
    EXPECT_EQ(bytes_of(row.type, 8), static_cast<std::size_t>(row.bits)) << row.cli_name;
    EXPECT_EQ(elements_in(row.type, 6 * row.bits), 48) << row.cli_name;
  }
  EXPECT_EQ(bytes_of(DataType::kInt8, 3), 3U);
  EXPECT_EQ(bytes_of(DataType::kBf16, 3), 6U);
  EXPECT_EQ(bytes_of(DataType::kFp32, 3), 12U);
}

TEST(DataTypes, SaysWhichTypesHoldWhich) {
  EXPECT_TRUE(holds(DataType::kBf16, DataType::kFp8E4m3));
  EXPECT_TRUE(holds(DataType::kFp16, DataType::kFp8E4m3));
  EXPECT_FALSE(holds(DataType::kBf16, DataType::kFp16));
  EXPECT_FALSE(holds(DataType::kFp16, DataType::kBf16));
  for (const DataTypeInfo& row : kDataTypes) {
    if (is_integer(row.type)) continue;
    EXPECT_TRUE(holds(DataType::kFp32, row.type)) << row.cli_name;
  }
}

std::vector<DataType> visited(bool outputs) {
  std::vector<DataType> types;
  for (const DataTypeInfo& row : kDataTypes) {
    const auto seen = []<DataType kType>() { return kType; };
    try {
      const DataType type =
          outputs ? with_output_type(row.type, seen) : with_operand_type(row.type, seen);
      EXPECT_EQ(type, row.type);
      types.push_back(type);
    } catch (const std::invalid_argument& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with(row.cli_name)) << error.what();
    }
  }
  return types;
}

TEST(DataTypes, AreEachVisitedAsThemselvesOrRefused) {
  std::vector<DataType> operands;
  std::vector<DataType> outputs;
  for (const DataTypeInfo& row : kDataTypes) {
    if (row.operand) operands.push_back(row.type);
    if (row.output) outputs.push_back(row.type);
  }
  EXPECT_EQ(visited(false), operands);
  EXPECT_EQ(visited(true), outputs);
}

}  // namespace
}  // namespace twofour
