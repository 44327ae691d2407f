// The safetensors files of a folder: which tensors there are, and their bytes by mapped reads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "input/mapped_file.h"
#include "input/safetensors.h"

namespace twofour::weights {

/// A tensor of one of the files.
struct StoredTensor {
  std::filesystem::path file;
  std::uint64_t data = 0;        ///< where in the file the data begins
  std::uint64_t file_bytes = 0;  ///< when its header was read
  input::Tensor tensor;

  /// "model.safetensors: NAME".
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::uint64_t bytes() const { return tensor.end - tensor.begin; }
  /// Throws std::runtime_error "FILE: NAME: why".
  [[noreturn]] void refuse(std::string_view why) const;
};

class TensorFiles {
 public:
  /// The headers of a folder's model.safetensors.index.json, or of its model.safetensors. Throws
  /// std::runtime_error naming the file, also where there is none, one of the index is missing, or
  /// two files have one tensor.
  static TensorFiles of_folder(const std::filesystem::path& folder);
  static TensorFiles of_file(const std::filesystem::path& file);

  /// Null: there is none of that name.
  [[nodiscard]] const StoredTensor* find(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, StoredTensor>& all() const { return tensors_; }
  /// Maps its file. Throws std::runtime_error where that cannot be read, or is no longer as long as
  /// when its header was read.
  [[nodiscard]] std::span<const std::byte> bytes(const StoredTensor& stored);

 private:
  void add(const std::filesystem::path& file);

  std::map<std::string, StoredTensor> tensors_;
  std::map<std::filesystem::path, std::unique_ptr<input::MappedFile>> mapped_;
};

}  // namespace twofour::weights
