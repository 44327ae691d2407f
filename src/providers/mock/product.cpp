#include "providers/mock/product.h"

#include <stdexcept>

#include "operands/number_formats.h"

namespace twofour::providers::mock {
namespace {

/// Elements as doubles, in which products and sums of int8 values are exact.
std::vector<double> decode(const Buffer& buffer, DataType type, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    switch (type) {
      case DataType::kInt8:
        values[i] = buffer.as<const std::int8_t>()[i];
        break;
      case DataType::kFp8E4m3:
        values[i] = double{operands::fp8_to_float(buffer.as<const std::uint8_t>()[i])};
        break;
      case DataType::kBf16:
        values[i] = double{operands::bf16_to_float(buffer.as<const std::uint16_t>()[i])};
        break;
      default:
        throw std::invalid_argument("the mock multiplies int8, fp8 and bf16 only");
    }
  }
  return values;
}

float scale(ScaleGranularity granularity, const Buffer& scales, std::int64_t index) {
  switch (granularity) {
    case ScaleGranularity::kVector:
      return scales.as<const float>()[index];
    case ScaleGranularity::kTensor:
      return *scales.as<const float>();
    case ScaleGranularity::kNone:
      break;
  }
  return 1;
}

}  // namespace

std::vector<std::uint16_t> product_bf16(const GemmProblem& problem,
                                        const operands::Operands& operands) {
  const auto [m, n, k] = problem.shape;
  const std::vector<double> a = decode(operands.a, problem.a, m * k);
  const std::vector<double> b = decode(operands.b, problem.b, n * k);
  const auto* bias = static_cast<const std::uint16_t*>(operands.bias(DataType::kBf16));
  std::vector<std::uint16_t> d;
  d.reserve(static_cast<std::size_t>(m * n));
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      const double* row = a.data() + i * k;
      const double* column = b.data() + j * k;
      double sum = 0;
      for (std::int64_t l = 0; l < k; ++l) sum += row[l] * column[l];
      const float scales = scale(problem.scales.a, operands.scale_a, i) *
                           scale(problem.scales.b, operands.scale_b, j);
      float value = static_cast<float>(sum) * scales;
      if (problem.bias) value += operands::bf16_to_float(bias[j]);
      d.push_back(operands::float_to_bf16(value));
    }
  }
  return d;
}

}  // namespace twofour::providers::mock
