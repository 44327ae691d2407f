// Small safetensors files and model folders for tests, which write them themselves.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace twofour::testing {

/// A folder that goes when the object does.
class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "twofour-weights-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  std::filesystem::path path_;
};

/// The bytes of `values`.
template <class Value>
std::string bytes(const std::vector<Value>& values) {
  std::string text(values.size() * sizeof(Value), '\0');
  if (!values.empty()) std::memcpy(text.data(), values.data(), text.size());
  return text;
}

/// Tensors one after the other, as a file of the format has them.
class SafetensorsText {
 public:
  SafetensorsText& add(const std::string& name, const std::string& type,
                       std::vector<std::int64_t> shape, const std::string& data) {
    header_[name] = {{"dtype", type},
                     {"shape", std::move(shape)},
                     {"data_offsets", {data_.size(), data_.size() + data.size()}}};
    data_ += data;
    return *this;
  }
  [[nodiscard]] std::string text() const {
    const std::string header = header_.dump();
    std::string file;
    for (unsigned i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 255);
    return file + header + data_;
  }

 private:
  nlohmann::json header_ = nlohmann::json::object();
  std::string data_;
};

}  // namespace twofour::testing
