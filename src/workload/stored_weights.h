// The weights that safetensors headers tell of, and what they change in what config.json says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "input/safetensors.h"
#include "workload/parts.h"
#include "workload/tensor_names.h"

namespace twofour::workload {

class StoredWeights {
 public:
  /// `layers`: of the decoder.
  explicit StoredWeights(std::int64_t layers) : layers_(layers) {}

  void add(const input::Tensor& tensor);
  /// A file of the index that is not there.
  void miss(const std::string& file) { missing_files_.push_back(file); }

  /// Shapes become those of the files; weights that only one of both has are taken out or put in;
  /// each change is a note. Sizes of what is not measured become those of the files. Nothing is
  /// taken out where files are missing or hold weights in a form that is not understood.
  void correct(Decoder& decoder) const;

 private:
  struct Weight {
    std::int64_t k = 0;
    std::int64_t n = 0;
    std::int64_t experts = 0;  ///< 0: it is no expert's
  };
  using Place = std::pair<std::int64_t, std::string>;  ///< layer, part

  void add_part(const input::Tensor& tensor, const TensorPlace& place);
  [[nodiscard]] bool complete() const { return missing_files_.empty() && not_understood_.empty(); }

  friend class Correction;

  std::int64_t layers_;
  std::map<Place, Weight> weights_;
  std::map<Place, std::vector<std::int64_t>> open_;  ///< stacked shapes, of either orientation
  std::map<TensorRole, double> parameters_;
  std::vector<std::string> missing_files_;
  std::vector<std::string> not_understood_;
};

}  // namespace twofour::workload
