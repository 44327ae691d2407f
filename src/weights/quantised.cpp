#include "weights/quantised.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/parallel.h"
#include "operands/fill.h"

namespace twofour::weights {
namespace {

/// What one thread has seen of its rows.
struct RowFacts {
  double squares = 0;
  double kept_squares = 0;
  std::int64_t zeros = 0;
  std::int64_t not_a_number = -1;  ///< the first place; -1: none
  float largest = 0;
  bool two_four = true;
};

RowFacts facts_of(std::span<float> row) {
  RowFacts facts;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!std::isfinite(row[i])) {
      facts.not_a_number = static_cast<std::int64_t>(i);
      return facts;
    }
    facts.squares += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    facts.largest = std::max(facts.largest, std::fabs(row[i]));
    if (row[i] == 0) ++facts.zeros;
  }
  for (std::size_t begin = 0; begin < row.size(); begin += 4) {
    const auto group = row.subspan(begin, std::min<std::size_t>(4, row.size() - begin));
    const auto others = std::count_if(group.begin(), group.end(), [](float w) { return w != 0; });
    facts.two_four = facts.two_four && others <= 2;
  }
  prune_row(row);
  for (const float w : row) facts.kept_squares += static_cast<double>(w) * static_cast<double>(w);
  return facts;
}

float largest_code(DataType type) {
  return type == DataType::kInt8 ? 127.0F : operands::fp8_to_float(0x7E);
}

}  // namespace

void prune_row(std::span<float> row) {
  for (std::size_t begin = 0; begin < row.size(); begin += 4) {
    const auto group = row.subspan(begin, std::min<std::size_t>(4, row.size() - begin));
    for (std::size_t kept = 2; kept < group.size(); ++kept) {
      // Of those that are left, the smallest goes; of equal ones the last.
      std::size_t smallest = group.size();
      for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i] == 0) continue;
        if (smallest == group.size() || std::fabs(group[i]) <= std::fabs(group[smallest])) {
          smallest = i;
        }
      }
      const auto left = std::count_if(group.begin(), group.end(), [](float w) { return w != 0; });
      if (left > 2) group[smallest] = 0;
    }
    for (float& w : group) w += 0.0F;  // no -0
  }
}

Inspection inspect(const LayerWeights& weights, int threads) {
  const auto rows = static_cast<std::size_t>(weights.n());
  std::vector<RowFacts> facts(rows);
  parallel_run(threads, [&](int index, int count) {
    std::vector<float> row(static_cast<std::size_t>(weights.k()));
    const Range share = thread_share(weights.n(), index, count);
    for (std::int64_t i = share.begin; i < share.end; ++i) {
      weights.row(i, row);
      facts[static_cast<std::size_t>(i)] = facts_of(row);
    }
  });
  Inspection found{.two_four = true};
  double squares = 0;
  double kept = 0;
  double zeros = 0;
  found.largest.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (facts[i].not_a_number >= 0) {
      weights.refuse(static_cast<std::int64_t>(i), facts[i].not_a_number,
                     "is NaN or infinite; allowed: numbers");
    }
    squares += facts[i].squares;
    kept += facts[i].kept_squares;
    zeros += static_cast<double>(facts[i].zeros);
    found.two_four = found.two_four && facts[i].two_four;
    found.largest.push_back(facts[i].largest);
  }
  found.zeros_share = zeros / (static_cast<double>(weights.n()) * static_cast<double>(weights.k()));
  found.two_four = found.two_four && found.zeros_share >= 0.5;
  if (squares > 0) found.retained_energy = kept / squares;
  return found;
}

float scale_for(DataType type, float largest) {
  if (info(type).bits != 8) return 1;
  const float scale = largest / largest_code(type);
  // What is smaller than any normal number becomes zero.
  return scale >= std::numeric_limits<float>::min() ? scale : 1;
}

std::vector<float> weight_scales(const LayerWeights& weights, const Inspection& inspection,
                                 DataType type, ScaleGranularity granularity) {
  const std::vector<float>& largest = inspection.largest;
  if (granularity != ScaleGranularity::kVector) {
    return {scale_for(type, *std::max_element(largest.begin(), largest.end()))};
  }
  std::vector<float> scales;
  scales.reserve(largest.size());
  for (std::size_t i = 0; i < largest.size(); ++i) {
    const auto stored = weights.scale_of_row(static_cast<std::int64_t>(i), type);
    scales.push_back(stored && *stored > 0 ? *stored : scale_for(type, largest[i]));
  }
  return scales;
}

std::vector<float> activation_scales(const Activations& activations, std::int64_t rows,
                                     std::int64_t k, DataType type, ScaleGranularity granularity) {
  std::vector<float> row(static_cast<std::size_t>(k));
  std::vector<float> largest;
  for (std::int64_t i = 0; i < rows; ++i) {
    activations.row(i, row);
    float most = 0;
    for (const float value : row) most = std::max(most, std::fabs(value));
    largest.push_back(most);
  }
  if (granularity != ScaleGranularity::kVector) {
    return {scale_for(type, *std::max_element(largest.begin(), largest.end()))};
  }
  for (float& value : largest) value = scale_for(type, value);
  return largest;
}

void encode_row(DataType type, std::span<const float> row, float scale, void* codes) {
  with_operand_type(type, [&]<DataType kType>() {
    using Format = operands::Format<kType>;
    auto* out = static_cast<typename Format::Code*>(codes);
    for (std::size_t i = 0; i < row.size(); ++i) out[i] = Format::encode(row[i] / scale);
  });
}

void round_trip(DataType type, std::span<float> row, float scale) {
  with_operand_type(type, [&]<DataType kType>() {
    using Format = operands::Format<kType>;
    for (float& value : row) value = Format::decode(Format::encode(value / scale)) * scale;
  });
}

}  // namespace twofour::weights
