// Headers of safetensors files, which hold a model's weights: names, types, shapes and places, no
// values. The format: https://github.com/huggingface/safetensors ("Format"): a little-endian
// length of 8 bytes, a JSON object of that length, and the data, in which each tensor has its
// bytes at the offsets that the header tells, counted from the header's end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::input {

/// A longer header is refused, as the format says.
inline constexpr std::uint64_t kMostHeaderBytes = 100'000'000;

struct Tensor {
  std::string name;
  std::string type;                 ///< as the format names it: "BF16", "F8_E4M3", ...
  std::vector<std::int64_t> shape;  ///< empty: one value
  std::int64_t elements = 1;        ///< the product of `shape`
  std::uint64_t begin = 0;          ///< of its bytes, counted from `SafetensorsHeader::data`
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<Tensor> tensors;                  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< "__metadata__"
  std::uint64_t data = 0;                       ///< where in the file the data begins
  std::uint64_t file_bytes = 0;
};

/// Bits of one value of a type of the format; nothing for a name that it does not have.
std::optional<int> bits_of_safetensors_type(std::string_view type);

/// The header from its text. `data_bytes`: what the file has behind it. Refused, by a
/// std::invalid_argument of one line, are all that parse_json() refuses, types that the format does
/// not have, shapes whose bytes are not those of the offsets or overflow 64 bits, and offsets that
/// leave holes, overlap or do not end where the data does.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes);

/// The header of a file, symbolic links followed. Nothing else of the file is read. Throws
/// std::runtime_error "FILE: why" for what cannot be read or is refused.
SafetensorsHeader read_safetensors_header(const std::filesystem::path& file);

/// model.safetensors.index.json: the file, without a folder, that holds each tensor. Throws
/// std::invalid_argument as above, also for names of files with '/' or "..", and for others than
/// *.safetensors.
std::map<std::string, std::string> parse_safetensors_index(std::string_view text);

}  // namespace twofour::input
