#include "weights/stored_matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "operands/fill.h"
#include "weights/bitmask.h"

namespace twofour::weights {
namespace {

constexpr std::array<std::pair<std::string_view, DataType>, 5> kTypes{{
    {"F32", DataType::kFp32},
    {"BF16", DataType::kBf16},
    {"F16", DataType::kFp16},
    {"F8_E4M3", DataType::kFp8E4m3},
    {"I8", DataType::kInt8},
}};

constexpr std::string_view kTypesRead = "F32, BF16, F16, and F8_E4M3 or I8 with a scale";

using Shape = std::vector<std::int64_t>;

template <class Code>
Code load(const std::byte* at) {
  Code code{};
  std::memcpy(&code, at, sizeof code);
  return code;
}

float decode(DataType type, const std::byte* at) {
  switch (type) {
    case DataType::kFp32:
      return load<float>(at);
    case DataType::kBf16:
      return operands::bf16_to_float(load<std::uint16_t>(at));
    case DataType::kFp16:
      return operands::fp16_to_float(load<std::uint16_t>(at));
    case DataType::kFp8E4m3:
      return operands::fp8_to_float(load<std::uint8_t>(at));
    case DataType::kInt8:
      return static_cast<float>(load<std::int8_t>(at));
  }
  return std::numeric_limits<float>::quiet_NaN();
}

/// A loop for each type: the type is looked at once for each row.
void decode_all(DataType type, const std::byte* first, std::int64_t step, std::span<float> out) {
  const auto each = [&](auto load_one) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = load_one(first + static_cast<std::int64_t>(i) * step);
    }
  };
  if (type == DataType::kBf16) {
    each([](const std::byte* at) { return operands::bf16_to_float(load<std::uint16_t>(at)); });
  } else if (type == DataType::kFp32) {
    each([](const std::byte* at) { return load<float>(at); });
  } else {
    each([type](const std::byte* at) { return decode(type, at); });
  }
}

std::int64_t blocks_of(std::int64_t extent) { return (extent + kScaleBlock - 1) / kScaleBlock; }

[[noreturn]] void refuse_shape(const StoredTensor& stored, const std::string& allowed) {
  stored.refuse(
      fmt::format("its shape is [{}]; allowed: {}", fmt::join(stored.tensor.shape, ", "), allowed));
}

DataType type_of(const StoredTensor& stored) {
  if (stored.tensor.name.ends_with("_blocks")) {
    stored.refuse("it is MXFP4, which is not read; allowed: other forms of the same model");
  }
  const auto type = type_of_safetensors(stored.tensor.type);
  if (!type) {
    stored.refuse(fmt::format("its type is {}; allowed: {}", stored.tensor.type, kTypesRead));
  }
  return *type;
}

/// Fills what a header says of scales.
void find_scale(const TensorFiles& files, const std::string& module, WeightHeader& header) {
  if (info(header.type).bits != 8) return;
  const StoredTensor* inverse = files.find(module + ".weight_scale_inv");
  header.scale = inverse != nullptr ? inverse : files.find(module + ".weight_scale");
  if (header.scale == nullptr || header.stacked) {
    header.values->refuse(fmt::format("its type is {}, and there is no {}.weight_scale for it",
                                      header.values->tensor.type, module));
  }
  const StoredTensor& scale = *header.scale;
  const auto type = type_of_safetensors(scale.tensor.type);
  if (!type || info(*type).bits < 16) {
    scale.refuse(fmt::format("its type is {}; allowed: F32, BF16, F16", scale.tensor.type));
  }
  const Shape& shape = scale.tensor.shape;
  const Shape blocks{blocks_of(header.n), blocks_of(header.k)};
  const bool one = scale.tensor.elements == 1;
  const bool channel = shape == Shape{header.n} || shape == Shape{header.n, 1};
  header.blocks = !one && !channel && shape == blocks;
  if (one || channel || header.blocks) return;
  refuse_shape(scale, fmt::format("[1], [{}, 1], or [{}, {}] of blocks of {} x {}", header.n,
                                  blocks[0], blocks[1], kScaleBlock, kScaleBlock));
}

WeightHeader find_compressed(TensorFiles& files, const std::string& module,
                             const StoredTensor& values, std::int64_t n, std::int64_t k) {
  WeightHeader header{.values = &values, .type = type_of(values), .n = n, .k = k};
  header.mask = files.find(module + ".bitmask");
  const StoredTensor* shape = files.find(module + ".shape");
  if (header.mask == nullptr || shape == nullptr) {
    values.refuse(fmt::format("there is no {}.{} beside it", module,
                              header.mask == nullptr ? "bitmask" : "shape"));
  }
  const bool two = shape->tensor.shape == Shape{2} || shape->tensor.shape == Shape{2, 1};
  if (shape->tensor.type != "I64" || !two) refuse_shape(*shape, "I64 [2] or [2, 1]");
  const std::byte* sizes = files.bytes(*shape).data();
  const auto stored_n = load<std::int64_t>(sizes);
  const auto stored_k = load<std::int64_t>(sizes + sizeof(std::int64_t));
  if (stored_n != n || stored_k != k) {
    shape->refuse(fmt::format("it says [{}, {}]; allowed: [{}, {}], which the layer has", stored_n,
                              stored_k, n, k));
  }
  if (k % 4 != 0) shape->refuse(fmt::format("K is {}; allowed: multiples of 4", k));
  if (values.tensor.shape != Shape{n, k / 2} && values.tensor.shape != Shape{n * (k / 2)}) {
    refuse_shape(values, fmt::format("[{}, {}], two of four of [{}, {}]", n, k / 2, n, k));
  }
  const Shape mask{n, bitmask_bytes_per_row(k)};
  if (header.mask->tensor.type != "U8" || header.mask->tensor.shape != mask) {
    refuse_shape(*header.mask, fmt::format("U8 [{}, {}]", mask[0], mask[1]));
  }
  find_scale(files, module, header);
  return header;
}

}  // namespace

std::optional<DataType> type_of_safetensors(std::string_view name) {
  for (const auto& [type_name, type] : kTypes) {
    if (type_name == name) return type;
  }
  return std::nullopt;
}

WeightHeader WeightHeader::find(TensorFiles& files, const std::string& module, std::int64_t n,
                                std::int64_t k, std::optional<std::int64_t> expert) {
  if (const StoredTensor* values = files.find(module + ".compressed")) {
    return find_compressed(files, module, *values, n, k);
  }
  const StoredTensor* values = files.find(module + ".weight");
  if (values == nullptr) values = files.find(module);
  if (values == nullptr) throw std::runtime_error(fmt::format("there is no {}.weight", module));
  WeightHeader header{.values = values, .type = type_of(*values), .n = n, .k = k};
  const Shape& shape = values->tensor.shape;
  if (shape.size() == 3) {
    header.stacked = true;
    header.expert = expert.value_or(0);
    const bool n_first = shape[1] == n && shape[2] == k;
    header.k_first = !n_first && shape[1] == k && shape[2] == n;
    if ((!n_first && !header.k_first) || header.expert >= shape[0]) {
      refuse_shape(*values, fmt::format("[E, {}, {}] or [E, {}, {}]", n, k, k, n));
    }
  } else if (shape != Shape{n, k}) {
    refuse_shape(*values, fmt::format("[{}, {}], which the layer has", n, k));
  }
  find_scale(files, module, header);
  return header;
}

std::string WeightHeader::form() const {
  std::string text = values->tensor.type;
  if (mask != nullptr) text += " as sparse-24-bitmask";
  if (scale == nullptr) return text;
  if (blocks) {
    return text + fmt::format(" with a scale for each block of {} x {}, dequantised", kScaleBlock,
                              kScaleBlock);
  }
  return text +
         (scale->tensor.elements == 1 ? " with one scale" : " with a scale for each channel");
}

std::uint64_t WeightHeader::bytes() const {
  const auto experts = stacked ? static_cast<std::uint64_t>(values->tensor.shape[0]) : 1;
  return values->bytes() / experts + (mask == nullptr ? 0 : mask->bytes()) +
         (scale == nullptr ? 0 : scale->bytes());
}

StoredMatrix::StoredMatrix(TensorFiles& files, const WeightHeader& header)
    : header_(header), values_(files.bytes(*header.values)) {
  if (header_.stacked) {
    const std::size_t one = bytes_of(header_.type, header_.n * header_.k);
    values_ = values_.subspan(static_cast<std::size_t>(header_.expert) * one, one);
  }
  if (header_.scale != nullptr) read_scales(files);
  if (header_.mask == nullptr) return;
  mask_ = files.bytes(*header_.mask);
  if (const auto wrong = wrong_group(mask_, header_.n, header_.k)) {
    header_.mask->refuse(
        wrong->group == header_.k / 4
            ? fmt::format("row {} has bits beyond K = {}; allowed: none", wrong->row, header_.k)
            : fmt::format("row {} has not two bits for k = {} to {}; allowed: exactly two of four",
                          wrong->row, 4 * wrong->group, 4 * wrong->group + 3));
  }
}

void StoredMatrix::read_scales(TensorFiles& files) {
  const StoredTensor& stored = *header_.scale;
  const DataType type = *type_of_safetensors(stored.tensor.type);
  const std::span<const std::byte> bytes = files.bytes(stored);
  scales_.resize(static_cast<std::size_t>(stored.tensor.elements));
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    scales_[i] = decode(type, bytes.data() + i * bytes_of(type, 1));
    if (!std::isfinite(scales_[i]) || scales_[i] < 0) {
      stored.refuse(fmt::format("value {} is {}; allowed: numbers from 0 on", i, scales_[i]));
    }
  }
  if (header_.blocks) scales_per_row_ = blocks_of(header_.k);
}

std::optional<float> StoredMatrix::scale_of_row(std::int64_t row) const {
  if (scales_.empty() || header_.blocks) return std::nullopt;
  return scales_.size() == 1 ? scales_[0] : scales_[static_cast<std::size_t>(row)];
}

void StoredMatrix::row(std::int64_t row, std::int64_t k_begin, std::span<float> out) const {
  const auto size = static_cast<std::int64_t>(bytes_of(header_.type, 1));
  const auto count = static_cast<std::int64_t>(out.size());
  if (header_.mask != nullptr) {
    const std::byte* mask = mask_.data() + row * bitmask_bytes_per_row(header_.k);
    const std::byte* kept = values_.data() + row * (header_.k / 2) * size;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto place = bitmask_value(mask, k_begin + i);
      out[static_cast<std::size_t>(i)] = place ? decode(header_.type, kept + *place * size) : 0.0F;
    }
  } else {
    const std::int64_t step = (header_.k_first ? header_.n : 1) * size;
    const std::byte* first =
        values_.data() +
        (header_.k_first ? k_begin * header_.n + row : row * header_.k + k_begin) * size;
    decode_all(header_.type, first, step, out);
  }
  if (scales_.empty()) return;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t at = header_.blocks
                                ? row / kScaleBlock * scales_per_row_ + (k_begin + i) / kScaleBlock
                                : (scales_.size() == 1 ? 0 : row);
    out[static_cast<std::size_t>(i)] *= scales_[static_cast<std::size_t>(at)];
  }
}

}  // namespace twofour::weights
