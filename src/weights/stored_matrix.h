// One weight as a file has it, decoded row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/data_type.h"
#include "weights/tensor_files.h"

namespace twofour::weights {

/// The types of values that are read; nothing for others.
std::optional<DataType> type_of_safetensors(std::string_view name);

/// Side of the blocks of `weight_scale_inv`.
inline constexpr std::int64_t kScaleBlock = 128;

/// What a weight is by its header, before any byte of it is read.
struct WeightHeader {
  /// By the name of the module, as "model.layers.0.mlp.down_proj": its `.weight` (or the tensor of
  /// just that name), or `.compressed`, `.bitmask` and `.shape`. `expert`: of a stacked tensor
  /// [E, ., .]. Throws std::runtime_error naming file, tensor and what is wrong: tensors that are
  /// missing, types and forms that are not read, and shapes that are not [n, k].
  static WeightHeader find(TensorFiles& files, const std::string& module, std::int64_t n,
                           std::int64_t k, std::optional<std::int64_t> expert);

  const StoredTensor* values = nullptr;  ///< of `files`, as all that follow
  const StoredTensor* mask = nullptr;    ///< null: not compressed
  const StoredTensor* scale = nullptr;   ///< null: there is none
  DataType type = DataType::kBf16;
  std::int64_t n = 0;
  std::int64_t k = 0;
  bool stacked = false;     ///< the tensor holds all experts
  std::int64_t expert = 0;  ///< its place among them
  bool k_first = false;     ///< stacked as [E, K, N]
  bool blocks = false;      ///< the scale is one of each block of kScaleBlock x kScaleBlock

  /// "BF16", "F8_E4M3 with one scale for each block of 128 x 128", "F16 as sparse-24-bitmask".
  [[nodiscard]] std::string form() const;
  /// That a reader of all of it reads.
  [[nodiscard]] std::uint64_t bytes() const;
};

class StoredMatrix {
 public:
  /// Maps the files; reads scales and mask. Throws std::runtime_error naming file and tensor where
  /// a scale is not a positive number, or a mask is not 2:4.
  StoredMatrix(TensorFiles& files, const WeightHeader& header);

  [[nodiscard]] const WeightHeader& header() const { return header_; }
  /// W[row][k_begin .. k_begin + out.size()), times its scale. What is not a number stays so.
  void row(std::int64_t row, std::int64_t k_begin, std::span<float> out) const;
  /// The one scale of a row of F8_E4M3 or I8; nothing: it has none, or several.
  [[nodiscard]] std::optional<float> scale_of_row(std::int64_t row) const;

 private:
  void read_scales(TensorFiles& files);

  WeightHeader header_;
  std::span<const std::byte> values_;
  std::span<const std::byte> mask_;
  std::vector<float> scales_;        ///< empty: none
  std::int64_t scales_per_row_ = 1;  ///< of blocks
};

}  // namespace twofour::weights
