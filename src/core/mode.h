// How the problems of a benchmark are enumerated.
#pragma once

#include <cstdint>

#include "core/named.h"

namespace twofour {

/// The modes of the command `bench`; docs/command-line.md says which problems each has.
enum class BenchMode : std::uint8_t { kSquare, kRange, kModel };

inline constexpr NameTable<BenchMode, 3> kBenchModeNames{{
    {BenchMode::kSquare, "square_bench"},
    {BenchMode::kRange, "range_bench"},
    {BenchMode::kModel, "model_bench"},
}};

constexpr std::string_view to_string(BenchMode mode) { return name_in(kBenchModeNames, mode); }

}  // namespace twofour
