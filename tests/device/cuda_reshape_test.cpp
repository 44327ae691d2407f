// Copies of matrices with other rows: what the host makes of them.
#include "providers/gpu_fit/reshape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "gpu_fixture.h"
#include "operands/operands.h"
#include "operands/six_eight.h"

namespace twofour::providers {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                               DataType::kFp16};
constexpr unsigned char kStale = 0xA5;

struct Rows {
  std::int64_t rows;
  std::int64_t k;
  std::int64_t columns;
};
// More rows than a grid has in y are none of a test's; 300 of them go round more than one block.
constexpr Rows kExpanded[] = {{1, 8, 16}, {3, 8, 12}, {7, 1848, 2784}, {300, 3696, 5568}};

class ReshapeTest : public twofour::testing::GpuTest {
 protected:
  Buffer on_device(const Bytes& bytes) {
    Buffer buffer = device().memory().allocate(bytes.size());
    device().memory().copy_from_host(buffer.data(), bytes.data(), bytes.size());
    return buffer;
  }
  /// A buffer of what is neither zero nor random.
  Buffer stale(std::size_t bytes) { return on_device(Bytes(bytes, kStale)); }
  Bytes on_host(const Buffer& buffer) {
    Bytes bytes(buffer.bytes());
    device().memory().copy_to_host(bytes.data(), buffer.data(), bytes.size());
    return bytes;
  }
  Bytes weights_of(DataType type, const Rows& shape) {
    const operands::Operands made =
        device().operands().make_operands({.shape = {1, shape.rows, shape.k},
                                           .type = type,
                                           .seed = 5,
                                           .pattern = Sparsity::kSixEight});
    return on_host(made.b);
  }
  cudaStream_t stream() { return device::stream_of(device()); }
};

Bytes random_bytes(std::size_t count) {
  std::mt19937 random(11);
  Bytes bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<unsigned char>(random()); });
  return bytes;
}

/// `rows` of `from_bytes`, cut to or filled up with zeros to `to_bytes`.
Bytes resized(const Bytes& from, std::size_t from_bytes, std::size_t to_bytes) {
  Bytes to;
  for (std::size_t at = 0; at < from.size(); at += from_bytes) {
    const auto row = from.begin() + static_cast<std::ptrdiff_t>(at);
    Bytes line(row, row + static_cast<std::ptrdiff_t>(from_bytes));
    line.resize(to_bytes);
    to.insert(to.end(), line.begin(), line.end());
  }
  return to;
}

TEST_F(ReshapeTest, RowsAreCutOrFilledUpWithZeros) {
  constexpr std::size_t kRows = 37;
  struct Lengths {
    std::size_t from;
    std::size_t to;
  };
  // Units of 16, 8, 4, 2 and 1 bytes, some blocks and a tail of one.
  for (const auto& [from, to] :
       {Lengths{4096, 4128}, Lengths{1848, 1856}, Lengths{36, 64}, Lengths{8208, 8200},
        Lengths{80, 66}, Lengths{7, 16}, Lengths{8256, 8200}, Lengths{16, 16}}) {
    SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
    const Bytes bytes = random_bytes(kRows * from);
    const Buffer source = on_device(bytes);
    const Buffer copy = stale(kRows * to);
    copy_rows(source.data(), from, copy.data(), to, kRows, stream());
    EXPECT_EQ(on_host(copy), resized(bytes, from, to));
  }
}

TEST_F(ReshapeTest, ActivationsAreExpandedAsOnTheHost) {
  for (const DataType type : kTypes) {
    for (const Rows& shape : kExpanded) {
      SCOPED_TRACE(std::string(info(type).cli_name) + " K = " + std::to_string(shape.k));
      const Bytes bytes = random_bytes(bytes_of(type, shape.rows * shape.k));
      const Buffer a = on_device(bytes);
      const Buffer expanded = stale(bytes_of(type, shape.rows * shape.columns));
      expand_activations(type, a.data(), shape.rows, shape.k, expanded.data(), shape.columns,
                         stream());
      const std::int64_t wide = operands::expanded_k(shape.k);
      Bytes expected(bytes_of(type, shape.rows * wide));
      operands::expand_activations(type, bytes.data(), shape.rows, shape.k, expected.data());
      EXPECT_EQ(on_host(expanded),
                resized(expected, bytes_of(type, wide), bytes_of(type, shape.columns)));
    }
  }
}

TEST_F(ReshapeTest, WeightsAreExpandedAsOnTheHost) {
  for (const DataType type : kTypes) {
    for (const Rows& shape : kExpanded) {
      SCOPED_TRACE(std::string(info(type).cli_name) + " K = " + std::to_string(shape.k));
      const Bytes bytes = weights_of(type, shape);
      const Buffer b = on_device(bytes);
      const Buffer expanded = stale(bytes_of(type, shape.rows * shape.columns));
      expand_weights(type, b.data(), shape.rows, shape.k, expanded.data(), shape.columns, stream());
      const std::int64_t wide = operands::expanded_k(shape.k);
      Bytes expected(bytes_of(type, shape.rows * wide));
      operands::expand_weights(type, bytes.data(), shape.rows, shape.k, expected.data());
      EXPECT_EQ(on_host(expanded),
                resized(expected, bytes_of(type, wide), bytes_of(type, shape.columns)));
    }
  }
}

}  // namespace
}  // namespace twofour::providers
