// The reader of sparse-24-bitmask against the package that defines the form: a file that
// compressed-tensors 0.9.4 wrote with torch 2.4.1 (tests/oracle/sparse_24_bitmask.py write FILE),
// or the one that TWOFOUR_ORACLE names, which that script writes anew where the package is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "weights/stored_matrix.h"

namespace twofour::weights {
namespace {

std::filesystem::path oracle_file() {
  const char* const named = std::getenv("TWOFOUR_ORACLE");
  if (named != nullptr && *named != '\0') return named;
  return std::filesystem::path(TWOFOUR_ORACLE_FOLDER) / "sparse_24_bitmask.safetensors";
}

std::vector<float> row_of(TensorFiles& files, const std::string& module, std::int64_t n,
                          std::int64_t k, std::int64_t row) {
  const StoredMatrix matrix(files, WeightHeader::find(files, module, n, k, std::nullopt));
  std::vector<float> values(static_cast<std::size_t>(k));
  matrix.row(row, 0, values);
  return values;
}

// Values as the package decompresses them; of fp8, which it decompresses on a GPU only, the values
// that its mask keeps, times the scale.
TEST(Oracle, ReadsWhatCompressedTensorsWrote) {
  TensorFiles files = TensorFiles::of_file(oracle_file());
  int modules = 0;
  for (; files.find("m" + std::to_string(modules) + ".compressed") != nullptr; ++modules) {
    const std::string module = "m" + std::to_string(modules);
    const StoredTensor* expected = files.find(module + ".expected");
    ASSERT_NE(expected, nullptr) << module;
    const std::int64_t n = expected->tensor.shape.at(0);
    const std::int64_t k = expected->tensor.shape.at(1);
    EXPECT_THAT(WeightHeader::find(files, module, n, k, std::nullopt).form(),
                ::testing::HasSubstr("sparse-24-bitmask"));
    for (std::int64_t row = 0; row < n; ++row) {
      // "m0.expected" is a tensor of just that name, not a module's weight.
      EXPECT_EQ(row_of(files, module, n, k, row), row_of(files, module + ".expected", n, k, row))
          << module << " row " << row;
    }
  }
  EXPECT_EQ(modules, 5);
}

}  // namespace
}  // namespace twofour::weights
