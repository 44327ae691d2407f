// Command line of the benchmarks of GPU kernels: types, M and layers.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "core/data_type.h"

namespace twofour::bench {

/// --types, --m and the layers KxN that stand alone.
struct GemmOptions {
  std::vector<std::string> type_names{"i8", "fp8"};
  std::vector<std::int64_t> m_values;
  std::vector<std::string> layer_names;

  CLI::Option* add_to(CLI::App& app) {
    app.add_option("--types", type_names)
        ->delimiter(',')
        ->check(CLI::IsMember(std::vector<std::string>{"i8", "fp8", "bf16", "fp16"}));
    app.add_option("--m", m_values)->delimiter(',')->check(CLI::Range(1, 65536));
    const CLI::Validator layer(
        [](const std::string& text) {
          const bool right = std::regex_match(text, std::regex("[1-9][0-9]{0,6}x[1-9][0-9]{0,6}"));
          return right ? std::string() : fmt::format("'{}' is not KxN, as 4096x28672 is", text);
        },
        "KxN");
    return app.add_option("layers", layer_names, "K x N of the weights")->check(layer);
  }

  [[nodiscard]] std::vector<DataType> types() const {
    std::vector<DataType> types;
    std::transform(
        type_names.begin(), type_names.end(), std::back_inserter(types),
        [](const std::string& name) { return data_type_from_kernel_name(name).value(); });
    return types;
  }

  /// The type that D has beside operands of type `a`: bf16 for 8-bit ones, else their own.
  [[nodiscard]] static DataType output_of(DataType a) {
    return a == DataType::kFp16 ? DataType::kFp16 : DataType::kBf16;
  }

  /// K and N of each layer.
  [[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> layers() const {
    std::vector<std::pair<std::int64_t, std::int64_t>> layers;
    for (const std::string& name : layer_names) {
      layers.emplace_back(std::stoll(name), std::stoll(name.substr(name.find('x') + 1)));
    }
    return layers;
  }
};

}  // namespace twofour::bench
