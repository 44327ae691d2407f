// The inputs of a layer: captured ones of a file, or drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "weights/stored_matrix.h"
#include "weights/tensor_files.h"

namespace twofour::weights {

/// X[rows][k]. Drawn ones are normal(0, 1) and have as many rows as are asked for.
class Activations {
 public:
  static Activations drawn(std::uint64_t seed) { return Activations(seed); }
  /// The first tensor of `files` that has one of `names`: [rows, k] or [..., rows, k] of F32, BF16
  /// or F16. Throws std::runtime_error naming file and tensor where there is none, for other types
  /// and shapes, and for what is not a number.
  static Activations captured(TensorFiles& files, const std::vector<std::string>& names,
                              std::int64_t k);

  /// Rows that differ; nothing: as many as are asked for.
  [[nodiscard]] std::optional<std::int64_t> rows() const;
  /// The first out.size() columns of row `row`; captured ones begin anew behind the last one.
  void row(std::int64_t row, std::span<float> out) const;
  /// "normal(0, 1), seed 0" or "FILE: TENSOR".
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  explicit Activations(std::uint64_t seed);

  std::uint64_t seed_ = 0;
  std::optional<StoredMatrix> matrix_;
  std::string text_;
};

}  // namespace twofour::weights
