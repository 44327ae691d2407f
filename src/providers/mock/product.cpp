#include "providers/mock/product.h"

#include <algorithm>

#include "operands/fill.h"

namespace twofour::providers::mock {
namespace {

/// Elements as doubles, in which products and sums of int8 values are exact.
std::vector<double> decode(const Buffer& buffer, DataType type, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  with_operand_type(type, [&]<DataType kType>() {
    using Format = operands::Format<kType>;
    const auto* codes = buffer.as<const typename Format::Code>();
    std::transform(codes, codes + count, values.begin(),
                   [](auto code) { return static_cast<double>(Format::decode(code)); });
  });
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
