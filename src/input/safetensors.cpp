#include "input/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "input/json.h"

namespace twofour::input {
namespace {

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMostDimensions = 32;

constexpr std::array<std::pair<std::string_view, int>, 22> kTypes{{
    {"BOOL", 8},    {"U8", 8},      {"I8", 8},          {"U16", 16},        {"I16", 16},
    {"U32", 32},    {"I32", 32},    {"U64", 64},        {"I64", 64},        {"F16", 16},
    {"BF16", 16},   {"F32", 32},    {"F64", 64},        {"C64", 64},        {"F8_E5M2", 8},
    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F4", 4},
    {"F6_E2M3", 6}, {"F6_E3M2", 6},
}};

[[noreturn]] void refuse(std::string_view where, const json& value, std::string_view allowed) {
  throw std::invalid_argument(fmt::format("{} is {}; allowed: {}", where, shown(value), allowed));
}

/// "the tensor \"a.b\"", however long the name is.
std::string tensor_text(const std::string& name) { return "the tensor " + shown(json(name)); }

const json& member_of(const json& object, const char* key, std::string_view where) {
  const auto found = object.find(key);
  if (found == object.end()) {
    throw std::invalid_argument(fmt::format("{} has no member \"{}\"", where, key));
  }
  return *found;
}

std::uint64_t read_offset(const json& value, const std::string& where) {
  // A whole number below zero is a signed one to the library.
  if (!value.is_number_unsigned()) refuse(where, value, "whole numbers from 0 on");
  return value.get<std::uint64_t>();
}

/// The number of values, and their bits, which must make whole bytes.
std::uint64_t bytes_of(const Tensor& tensor, int bits, const std::string& where) {
  const auto values = static_cast<std::uint64_t>(tensor.elements);
  if (values > std::numeric_limits<std::uint64_t>::max() / 64) {
    throw std::invalid_argument(where + " has more bits than 64 bits count");
  }
  if (values * static_cast<std::uint64_t>(bits) % 8 != 0) {
    throw std::invalid_argument(where + " does not end with a whole byte");
  }
  return values * static_cast<std::uint64_t>(bits) / 8;
}

void read_shape(const json& value, Tensor& tensor, const std::string& where) {
  constexpr std::string_view kAllowed = "a list of at most 32 whole numbers from 0 on";
  if (!value.is_array() || value.size() > kMostDimensions)
    refuse(where + ".shape", value, kAllowed);
  for (const json& size : value) {
    if (!size.is_number_unsigned() ||
        size.get<std::uint64_t>() >
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      refuse(where + ".shape", value, kAllowed);
    }
    const auto length = size.get<std::int64_t>();
    if (length != 0 && tensor.elements > std::numeric_limits<std::int64_t>::max() / length) {
      throw std::invalid_argument(where + " has more values than 64 bits count");
    }
    tensor.elements *= length;
    tensor.shape.push_back(length);
  }
}

Tensor read_tensor(const std::string& name, const json& value) {
  const std::string where = tensor_text(name);
  if (!value.is_object()) refuse(where, value, "an object {dtype, shape, data_offsets}");
  Tensor tensor{.name = name, .type = {}, .shape = {}};
  const json& type = member_of(value, "dtype", where);
  const auto bits =
      type.is_string() ? bits_of_safetensors_type(type.get<std::string>()) : std::nullopt;
  if (!bits) refuse(where + ".dtype", type, "a type of the format, such as \"BF16\"");
  tensor.type = type.get<std::string>();
  read_shape(member_of(value, "shape", where), tensor, where);
  const json& offsets = member_of(value, "data_offsets", where);
  const std::string at = where + ".data_offsets";
  if (!offsets.is_array() || offsets.size() != 2) refuse(at, offsets, "a list [begin, end]");
  tensor.begin = read_offset(offsets[0], at);
  tensor.end = read_offset(offsets[1], at);
  if (tensor.end < tensor.begin) refuse(at, offsets, "an end that is not before the begin");
  if (const auto bytes = bytes_of(tensor, *bits, where); tensor.end - tensor.begin != bytes) {
    refuse(at, offsets, fmt::format("{} bytes, which follow from type and shape", bytes));
  }
  return tensor;
}

std::map<std::string, std::string> read_metadata(const json& value) {
  constexpr std::string_view kAllowed = "an object of texts";
  if (!value.is_object()) refuse("__metadata__", value, kAllowed);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) refuse("__metadata__." + shown(json(key)), text, "a text");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

/// Each tensor begins where the one before it ends, and the last ends with the data.
void check_places(const SafetensorsHeader& header, std::uint64_t data_bytes) {
  std::uint64_t at = 0;
  for (const Tensor& tensor : header.tensors) {
    if (tensor.begin != at) {
      throw std::invalid_argument(
          fmt::format("{} begins at {}, and what is before it ends at {}; allowed: no holes and no "
                      "overlaps",
                      tensor_text(tensor.name), tensor.begin, at));
    }
    at = tensor.end;
  }
  if (at != data_bytes) {
    throw std::invalid_argument(
        fmt::format("the tensors end at {}, and the file has {} bytes of data", at, data_bytes));
  }
}

/// A pipe that nobody writes to must not be waited for.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& file)
      : number_(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (number_ < 0) fail();
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  OpenFile(OpenFile&&) = delete;
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() { close(number_); }

  [[nodiscard]] std::uint64_t bytes() const {
    struct stat facts {};
    if (fstat(number_, &facts) != 0) fail();
    if (!S_ISREG(facts.st_mode)) throw std::invalid_argument("it is not a file");
    return static_cast<std::uint64_t>(facts.st_size);
  }
  void read_all(char* into, std::size_t bytes) const {
    while (bytes > 0) {
      const ssize_t count = read(number_, into, bytes);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail();
      if (count == 0) throw std::invalid_argument("it ends within its header");
      into += count;
      bytes -= static_cast<std::size_t>(count);
    }
  }

 private:
  [[noreturn]] static void fail() {
    throw std::invalid_argument("cannot be read: " + std::generic_category().message(errno));
  }

  int number_;
};

SafetensorsHeader header_of(const OpenFile& file) {
  const std::uint64_t bytes = file.bytes();
  if (bytes < kLengthBytes) throw std::invalid_argument("it is shorter than a header");
  std::array<unsigned char, kLengthBytes> start{};
  file.read_all(reinterpret_cast<char*>(start.data()), start.size());
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8U | start[i];
  if (length > kMostHeaderBytes || length > bytes - kLengthBytes) {
    throw std::invalid_argument(
        fmt::format("its header has {} bytes; allowed: at most {}, inside the file of {} bytes",
                    length, kMostHeaderBytes, bytes));
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read_all(text.data(), text.size());
  SafetensorsHeader header = parse_safetensors_header(text, bytes - kLengthBytes - length);
  header.data = kLengthBytes + length;
  header.file_bytes = bytes;
  return header;
}

}  // namespace

std::optional<int> bits_of_safetensors_type(std::string_view type) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& row) { return row.first == type; });
  return found == kTypes.end() ? std::nullopt : std::optional(found->second);
}

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes) {
  const json document = parse_json(text);
  if (!document.is_object()) refuse("the header", document, "an object");
  SafetensorsHeader header;
  for (const auto& [name, value] : document.items()) {
    if (name == "__metadata__") {
      header.metadata = read_metadata(value);
    } else {
      header.tensors.push_back(read_tensor(name, value));
    }
  }
  // An empty tensor stands before the one that begins where it ends.
  std::stable_sort(header.tensors.begin(), header.tensors.end(),
                   [](const Tensor& a, const Tensor& b) {
                     return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                   });
  check_places(header, data_bytes);
  return header;
}

SafetensorsHeader read_safetensors_header(const std::filesystem::path& file) {
  try {
    return header_of(OpenFile(file));
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

std::map<std::string, std::string> parse_safetensors_index(std::string_view text) {
  constexpr std::string_view kAllowed =
      "the name of a .safetensors file in the same folder, without '/' and '..'";
  const json document = parse_json(text);
  if (!document.is_object()) refuse("the index", document, "an object {weight_map}");
  const json& map = member_of(document, "weight_map", "the index");
  if (!map.is_object()) refuse("weight_map", map, "an object of names of files");
  std::map<std::string, std::string> files;
  for (const auto& [tensor, value] : map.items()) {
    const std::string where = fmt::format("weight_map: {}", tensor_text(tensor));
    if (!value.is_string()) refuse(where, value, kAllowed);
    auto file = value.get<std::string>();
    if (!file.ends_with(".safetensors") || file.find('/') != std::string::npos ||
        file.find("..") != std::string::npos) {
      refuse(where, value, kAllowed);
    }
    files.emplace(tensor, std::move(file));
  }
  return files;
}

}  // namespace twofour::input
