// Sums and results at chosen elements, as the GPU has them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "gpu_fixture.h"
#include "operands/fill.h"
#include "operands/host_operands.h"
#include "verify/cuda/element_reader.h"

namespace twofour::device {
namespace {

using CudaElementsTest = twofour::testing::GpuTest;

constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                               DataType::kFp16};
constexpr GemmShape kShapes[] = {{1, 64, 64}, {5, 33, 128}, {3, 7, 61}, {2, 300, 1030}, {17, 9, 4}};

Buffer host_buffer(std::size_t bytes) {
  return {std::aligned_alloc(64, (bytes + 63) / 64 * 64), bytes, [](void* p) { std::free(p); }};
}

// An object, because an Allocator refers to one.
constexpr auto allocate = [](std::size_t bytes) { return host_buffer(bytes); };

/// Every element of even rows, every third one of odd rows, and none of the last row if there are
/// several.
struct Elements {
  explicit Elements(const GemmShape& shape) {
    for (std::int64_t i = 0; i < shape.m; ++i) {
      const bool none = i > 0 && i == shape.m - 1;
      for (std::int64_t j = 0; j < shape.n && !none; j += i % 2 == 0 ? 1 : 3) {
        rows.push_back(i);
        columns.push_back(static_cast<std::int32_t>(j));
      }
      row_begin.push_back(static_cast<std::int64_t>(columns.size()));
    }
  }
  [[nodiscard]] verify::ElementList list() const {
    return {.row_begin = row_begin, .columns = columns};
  }

  std::vector<std::int64_t> row_begin{0};
  std::vector<std::int32_t> columns;
  std::vector<std::int64_t> rows;
};

double value_at(const operands::Operands& o, const Buffer& matrix, std::int64_t index) {
  return with_operand_type(o.spec.type, [&]<DataType kType>() {
    using Format = operands::Format<kType>;
    return static_cast<double>(
        Format::decode(static_cast<const typename Format::Code*>(matrix.data())[index]));
  });
}

TEST_F(CudaElementsTest, AddsUpWhatTheHostAddsUp) {
  for (const DataType type : kTypes) {
    for (const GemmShape& shape : kShapes) {
      SCOPED_TRACE(std::string(info(type).cli_name) + " " + mkn(shape));
      const operands::OperandSpec spec{.shape = shape, .type = type, .seed = 79};
      const operands::Operands host = operands::make_host_operands(spec, 1, allocate);
      const operands::Operands gpu = device().operands().make_operands(spec);
      const Elements elements(shape);
      std::vector<double> sums(elements.columns.size());
      std::vector<float> magnitudes(type == DataType::kInt8 ? 0 : sums.size());
      verify::cuda_element_readers(device())(shape, elements.list())->add_up(gpu, sums, magnitudes);
      for (std::size_t e = 0; e < sums.size(); ++e) {
        double sum = 0;
        double magnitude = 0;
        for (std::int64_t k = 0; k < shape.k; ++k) {
          const double product = value_at(host, host.a, elements.rows[e] * shape.k + k) *
                                 value_at(host, host.b, elements.columns[e] * shape.k + k);
          sum += product;
          magnitude += std::fabs(product);
        }
        // Both orders of adding err by at most k roundings of the magnitudes.
        const double bound =
            type == DataType::kInt8 ? 0 : 2 * static_cast<double>(shape.k) * 0x1p-53 * magnitude;
        ASSERT_NEAR(sums[e], sum, bound) << "element " << e;
        if (!magnitudes.empty()) {
          ASSERT_NEAR(static_cast<double>(magnitudes[e]), magnitude, 1e-6 * magnitude);
        }
      }
    }
  }
}

TEST_F(CudaElementsTest, AddsUpTheSameBitsEachTime) {
  const GemmShape shape{7, 131, 2050};
  const operands::Operands gpu =
      device().operands().make_operands({.shape = shape, .type = DataType::kBf16, .seed = 80});
  const Elements elements(shape);
  const auto reader = verify::cuda_element_readers(device())(shape, elements.list());
  std::vector<double> first(elements.columns.size());
  std::vector<double> second(first.size());
  std::vector<float> magnitudes(first.size());
  reader->add_up(gpu, first, magnitudes);
  reader->add_up(gpu, second, magnitudes);
  EXPECT_EQ(first, second);
}

TEST_F(CudaElementsTest, ReadsTheElementsOfAResult) {
  for (const GemmShape& shape : kShapes) {
    SCOPED_TRACE(mkn(shape));
    std::vector<std::uint16_t> d(static_cast<std::size_t>(shape.m * shape.n));
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = static_cast<std::uint16_t>(i * 40503);
    const Buffer buffer = device().memory().allocate(d.size() * sizeof(d[0]));
    device().memory().copy_from_host(buffer.data(), d.data(), buffer.bytes());
    const Elements elements(shape);
    std::vector<std::uint16_t> codes(elements.columns.size());
    verify::cuda_element_readers(device())(shape, elements.list())->read(buffer.data(), codes);
    for (std::size_t e = 0; e < codes.size(); ++e) {
      const auto at = static_cast<std::size_t>(elements.rows[e] * shape.n + elements.columns[e]);
      ASSERT_EQ(codes[e], d[at]) << "element " << e;
    }
  }
}

TEST_F(CudaElementsTest, RefusesAListOfAnotherShape) {
  const Elements elements({2, 8, 8});
  EXPECT_THROW(verify::cuda_element_readers(device())({3, 8, 8}, elements.list()),
               std::invalid_argument);
}

}  // namespace
}  // namespace twofour::device
