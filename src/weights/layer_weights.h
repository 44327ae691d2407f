// The stored weights of one layer of a plan, as one device multiplies them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "weights/stored_matrix.h"
#include "weights/tensor_files.h"
#include "workload/workload.h"

namespace twofour::weights {

/// Names of modules by where they stand in a model.
class ModuleNames {
 public:
  /// `layers`: of the decoder.
  ModuleNames(const TensorFiles& files, std::int64_t layers);
  /// The module of a part (workload::LayerPart::name); of experts, that of the first one, or of all
  /// where they are stacked. Null: there is none.
  [[nodiscard]] const std::string* find(std::int64_t layer, const std::string& part) const;

 private:
  std::map<std::pair<std::int64_t, std::string>, std::string> modules_;
};

/// Which rows and columns of which tensors a layer's weight is on the first of several devices, by
/// headers alone.
struct LayerSource {
  struct Piece {
    WeightHeader header;
    std::int64_t row_begin = 0;
    std::int64_t rows = 0;
  };

  /// `decoder_layer`: whose tensors are taken. Throws std::runtime_error naming file and tensor.
  static LayerSource find(TensorFiles& files, const ModuleNames& names,
                          const workload::Layer& layer, int tensor_parallel,
                          std::int64_t decoder_layer);

  std::vector<Piece> pieces;  ///< in the order of N
  std::int64_t n = 0;
  std::int64_t k = 0;                ///< of the device: the first columns
  std::vector<std::string> modules;  ///< one for each piece

  /// "model.safetensors: NAME", with the rows and columns where these are not all.
  [[nodiscard]] std::vector<std::string> tensors() const;
  [[nodiscard]] std::string form() const;
  [[nodiscard]] double bytes() const;  ///< that a run reads of the files
};

/// The weight itself: W[n][k], in one numbering of rows over all pieces.
class LayerWeights {
 public:
  /// Throws as StoredMatrix does.
  LayerWeights(TensorFiles& files, LayerSource source);

  [[nodiscard]] const LayerSource& source() const { return source_; }
  [[nodiscard]] std::int64_t n() const { return source_.n; }
  [[nodiscard]] std::int64_t k() const { return source_.k; }
  void row(std::int64_t row, std::span<float> out) const;
  /// The stored scale of a row whose values are stored as codes of `type`; nothing: there is none.
  [[nodiscard]] std::optional<float> scale_of_row(std::int64_t row, DataType type) const;
  /// Throws std::runtime_error that names the file, the tensor and the row there, and the column
  /// where one is given: "[3][7] WHY", "row 3 WHY".
  [[noreturn]] void refuse(std::int64_t row, std::optional<std::int64_t> k,
                           const std::string& why) const;

 private:
  /// Which piece a row belongs to, and its row there.
  [[nodiscard]] std::pair<std::size_t, std::int64_t> place(std::int64_t row) const;

  LayerSource source_;
  std::vector<StoredMatrix> matrices_;
};

}  // namespace twofour::weights
