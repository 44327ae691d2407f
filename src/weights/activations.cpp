#include "weights/activations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <stdexcept>

#include "operands/fill.h"

namespace twofour::weights {
namespace {

void require_numbers(const StoredMatrix& matrix) {
  std::vector<float> row(static_cast<std::size_t>(matrix.header().k));
  for (std::int64_t i = 0; i < matrix.header().n; ++i) {
    matrix.row(i, 0, row);
    for (const float value : row) {
      if (!std::isfinite(value)) {
        matrix.header().values->refuse(fmt::format("row {} has {}; allowed: numbers", i, value));
      }
    }
  }
}

}  // namespace

Activations::Activations(std::uint64_t seed)
    : seed_(seed), text_(fmt::format("normal(0, 1), seed {}", seed)) {}

Activations Activations::captured(TensorFiles& files, const std::vector<std::string>& names,
                                  std::int64_t k) {
  const StoredTensor* found = nullptr;
  for (const std::string& name : names) {
    if (found == nullptr) found = files.find(name);
  }
  if (found == nullptr) {
    throw std::runtime_error(fmt::format("{}: has no tensor of these names: {}",
                                         files.all().empty()
                                             ? std::string("the file of activations")
                                             : files.all().begin()->second.file.string(),
                                         fmt::join(names, ", ")));
  }
  const auto type = type_of_safetensors(found->tensor.type);
  if (!type || info(*type).bits < 16) {
    found->refuse(fmt::format("its type is {}; allowed: F32, BF16, F16", found->tensor.type));
  }
  const auto& shape = found->tensor.shape;
  if (shape.size() < 2 || shape.back() != k || found->tensor.elements == 0) {
    found->refuse(fmt::format("its shape is [{}]; allowed: [rows, {}]", fmt::join(shape, ", "), k));
  }
  Activations made(0);
  made.matrix_.emplace(
      files, WeightHeader{.values = found, .type = *type, .n = found->tensor.elements / k, .k = k});
  made.text_ = found->text();
  require_numbers(*made.matrix_);
  return made;
}

std::optional<std::int64_t> Activations::rows() const {
  return matrix_ ? std::optional(matrix_->header().n) : std::nullopt;
}

void Activations::row(std::int64_t row, std::span<float> out) const {
  if (matrix_) return matrix_->row(row % matrix_->header().n, 0, out);
  const operands::QuantileSegment* table = operands::quantile_table().data();
  const operands::StreamKey key =
      operands::stream_key(seed_, operands::Tensor::kA, static_cast<std::uint64_t>(row));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint32_t bits = operands::random_bits(key, static_cast<std::uint32_t>(i));
    out[i] = operands::normal_times_five(table, bits) / 5;
  }
}

}  // namespace twofour::weights
