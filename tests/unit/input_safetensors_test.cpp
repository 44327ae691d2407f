#include "input/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace twofour::input {
namespace {

using ::testing::HasSubstr;

std::string message_of(std::string_view text, std::uint64_t data_bytes) {
  try {
    parse_safetensors_header(text, data_bytes);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

std::string message_of_index(std::string_view text) {
  try {
    parse_safetensors_index(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Safetensors, TensorsComeInTheOrderOfTheirBytes) {
  const auto header = parse_safetensors_header(
      R"({"__metadata__": {"format": "pt"},
          "b": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [4, 16]},
          "a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
          "none": {"dtype": "F16", "shape": [0, 7], "data_offsets": [4, 4]}})",
      16);
  ASSERT_EQ(header.tensors.size(), 3U);
  EXPECT_EQ(header.tensors[0].name, "a");
  EXPECT_EQ(header.tensors[0].elements, 1);
  EXPECT_EQ(header.tensors[1].name, "none");
  EXPECT_EQ(header.tensors[2].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(header.tensors[2].begin, 4U);
  EXPECT_EQ(header.metadata.at("format"), "pt");
}

TEST(Safetensors, PlacesMustFillTheData) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": )" + first +
           R"(}, "b": {"dtype": "U8", "shape": [4], "data_offsets": )" + second + "}}";
  };
  EXPECT_EQ(message_of(two("[0, 4]", "[4, 8]"), 8), "accepted");
  EXPECT_THAT(message_of(two("[0, 4]", "[3, 7]"), 8), HasSubstr("begins at 3"));
  EXPECT_THAT(message_of(two("[0, 4]", "[5, 9]"), 9), HasSubstr("no holes and no overlaps"));
  EXPECT_EQ(message_of(two("[0, 4]", "[4, 8]"), 9),
            "the tensors end at 8, and the file has 9 bytes of data");
  EXPECT_EQ(message_of("{}", 0), "accepted");
}

TEST(Safetensors, TensorsThatCannotBeAreRefused) {
  const auto tensor = [](const std::string& type, const std::string& shape,
                         const std::string& offsets) {
    return message_of(R"({"a": {"dtype": )" + type + R"(, "shape": )" + shape +
                          R"(, "data_offsets": )" + offsets + "}}",
                      4);
  };
  EXPECT_EQ(tensor("\"U8\"", "[4]", "[0, 4]"), "accepted");
  EXPECT_EQ(tensor("\"F4\"", "[8]", "[0, 4]"), "accepted");
  EXPECT_THAT(tensor("\"F4\"", "[7]", "[0, 4]"), HasSubstr("does not end with a whole byte"));
  EXPECT_THAT(tensor("\"U9\"", "[4]", "[0, 4]"), HasSubstr("the tensor \"a\".dtype is \"U9\""));
  EXPECT_THAT(tensor("7", "[4]", "[0, 4]"), HasSubstr(".dtype is 7"));
  EXPECT_THAT(tensor("\"U8\"", "[-4]", "[0, 4]"), HasSubstr(".shape is [-4]"));
  EXPECT_THAT(tensor("\"U8\"", "[4.0]", "[0, 4]"), HasSubstr(".shape is [4.0]"));
  EXPECT_THAT(tensor("\"U8\"", "[4]", "[4, 0]"), HasSubstr(".data_offsets is [4,0]"));
  EXPECT_THAT(tensor("\"U8\"", "[4]", "[0, 4, 8]"), HasSubstr("a list [begin, end]"));
  EXPECT_THAT(tensor("\"U8\"", "[5]", "[0, 4]"), HasSubstr("allowed: 5 bytes"));
  EXPECT_THAT(tensor("\"U8\"", "[4294967296, 4294967296]", "[0, 4]"),
              HasSubstr("more values than 64 bits count"));
  EXPECT_THAT(tensor("\"F64\"", "[1152921504606846976]", "[0, 4]"),
              HasSubstr("more bits than 64 bits count"));
  EXPECT_EQ(message_of(R"({"a": {"dtype": "U8", "shape": [4]}})", 4),
            "the tensor \"a\" has no member \"data_offsets\"");
}

TEST(Safetensors, TheSameRulesAsForAnyJson) {
  EXPECT_EQ(message_of(R"({"a": 1, "a": 2})", 0), "an object has the member \"a\" twice");
  EXPECT_THAT(message_of(std::string(100, '['), 0), HasSubstr("levels deep"));
  EXPECT_THAT(message_of("[]", 0), HasSubstr("allowed: an object"));
  EXPECT_THAT(message_of(R"({"__metadata__": {"a": 1}})", 0), HasSubstr("allowed: a text"));
}

TEST(Safetensors, IndexesNameFilesOfTheirFolder) {
  const auto files = parse_safetensors_index(R"({"weight_map": {"a": "x-1.safetensors"}})");
  EXPECT_EQ(files.at("a"), "x-1.safetensors");
  for (const char* name :
       {"/etc/x.safetensors", "../x.safetensors", "x..safetensors", "x.bin", ""}) {
    EXPECT_THAT(message_of_index(std::string(R"({"weight_map": {"a": ")") + name + "\"}}"),
                HasSubstr("without '/' and '..'"))
        << name;
  }
  EXPECT_EQ(message_of_index("{}"), "the index has no member \"weight_map\"");
  EXPECT_THAT(message_of_index(R"({"weight_map": {"a": 1}})"), HasSubstr("is 1; allowed"));
}

TEST(Safetensors, HeadersOfFiles) {
  const auto file =
      std::filesystem::temp_directory_path() /
      ("twofour-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
       "-header.safetensors");
  const auto message = [&](const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    try {
      const auto header = read_safetensors_header(file);
      return std::to_string(header.data) + " of " + std::to_string(header.file_bytes);
    } catch (const std::runtime_error& error) {
      return std::string(error.what()).substr(file.string().size());
    }
  };
  const std::string zeros(7, '\0');
  EXPECT_EQ(message(std::string("\2", 1) + zeros + "{}"), "10 of 10");
  EXPECT_EQ(message("abc"), ": it is shorter than a header");
  EXPECT_EQ(message(std::string("\3", 1) + zeros + "{}"),
            ": its header has 3 bytes; allowed: at most 100000000, inside the file of 10 bytes");
  EXPECT_THAT(message(std::string(8, '\xff') + "{}"), HasSubstr("18446744073709551615 bytes"));
  std::filesystem::remove(file);
  EXPECT_THROW(read_safetensors_header(file), std::runtime_error);
  EXPECT_THROW(read_safetensors_header(std::filesystem::temp_directory_path()), std::runtime_error);
}

}  // namespace
}  // namespace twofour::input
