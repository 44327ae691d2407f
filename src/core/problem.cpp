#include "core/problem.h"

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace twofour {
namespace {

constexpr auto kNone = ScaleGranularity::kNone;
constexpr auto kTensor = ScaleGranularity::kTensor;
constexpr auto kVector = ScaleGranularity::kVector;

constexpr std::array<std::pair<std::string_view, ScaleScheme>, 5> kSchemes{{
    {"none", {kNone, kNone}},
    {"tensor", {kTensor, kTensor}},
    {"token", {kVector, kTensor}},
    {"channel", {kTensor, kVector}},
    {"token-channel", {kVector, kVector}},
}};

[[noreturn]] void reject(std::string_view field, std::string_view value, std::string_view allowed) {
  throw std::invalid_argument("problem field '" + std::string(field) + "' has the value '" +
                              std::string(value) + "'; allowed: " + std::string(allowed));
}

/// The part of `text` up to `separator`, which is removed from `text` along with it.
std::string_view take(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto head = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return head;
}

std::string_view take_field(std::string_view& line, std::string_view key) {
  std::string_view token = take(line, ' ');
  const std::string_view name = take(token, '=');
  if (name != key) reject(name, token, "the field '" + std::string(key) + "' in this place");
  return token;
}

/// A whole number of at least 1; nothing for anything else.
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

std::int64_t parse_dimension(std::string_view text, std::string_view whole) {
  const auto value = parse_count(text);
  if (!value) reject("mkn", whole, "three whole numbers of at least 1, as MxKxN");
  return *value;
}

GemmShape parse_mkn(std::string_view text) {
  std::string_view rest = text;
  GemmShape shape;
  shape.m = parse_dimension(take(rest, 'x'), text);
  shape.k = parse_dimension(take(rest, 'x'), text);
  shape.n = parse_dimension(rest, text);
  return shape;
}

DataType parse_type(std::string_view name, std::string_view whole) {
  const auto type = data_type_from_kernel_name(name);
  if (!type) reject("types", whole, "three of i8, fp8, bf16, fp16, f32, as A,B,D");
  return *type;
}

}  // namespace

std::string_view to_string(ScaleScheme scheme) {
  for (const auto& [name, value] : kSchemes) {
    if (value == scheme) return name;
  }
  throw std::invalid_argument("a scale on only one operand has no name");
}

std::optional<ScaleScheme> parse_scale_scheme(std::string_view text) {
  for (const auto& [name, value] : kSchemes) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string mkn(const GemmShape& shape) {
  return std::to_string(shape.m) + "x" + std::to_string(shape.k) + "x" + std::to_string(shape.n);
}

std::string to_string(const GemmProblem& p) {
  std::string line = "types=";
  line += info(p.a).kernel_name;
  line += ',';
  line += info(p.b).kernel_name;
  line += ',';
  line += info(p.d).kernel_name;
  line += " mkn=" + mkn(p.shape) + " scales=";
  line += to_string(p.scales);
  line += p.bias ? " bias=1" : " bias=0";
  line += " sparsity=";
  line += to_string(p.sparsity);
  if (p.batch != 1) line += " batch=" + std::to_string(p.batch);
  return line;
}

GemmProblem parse_problem(std::string_view line) {
  GemmProblem p;
  const std::string_view types = take_field(line, "types");
  std::string_view rest = types;
  p.a = parse_type(take(rest, ','), types);
  p.b = parse_type(take(rest, ','), types);
  p.d = parse_type(rest, types);
  p.shape = parse_mkn(take_field(line, "mkn"));
  const std::string_view scales = take_field(line, "scales");
  const auto scheme = parse_scale_scheme(scales);
  if (!scheme) reject("scales", scales, "none, tensor, token, channel, token-channel");
  p.scales = *scheme;
  const std::string_view bias = take_field(line, "bias");
  if (bias != "0" && bias != "1") reject("bias", bias, "0, 1");
  p.bias = bias == "1";
  const std::string_view name = take_field(line, "sparsity");
  const auto sparsity = value_in(kSparsityNames, name);
  if (!sparsity) reject("sparsity", name, "dense, 2:4, 6:8");
  p.sparsity = *sparsity;
  if (line.empty()) return p;
  const std::string_view text = take_field(line, "batch");
  const auto batch = parse_count(text);
  if (!batch || *batch < 2) reject("batch", text, "whole numbers of at least 2");
  p.batch = *batch;
  if (!line.empty()) reject("(after batch)", line, "nothing");
  return p;
}

}  // namespace twofour
