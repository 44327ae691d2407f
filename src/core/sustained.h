// What a kernel does under sustained load: blocks of seconds in which it runs alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/named.h"
#include "core/summary.h"

namespace twofour {

/// Which of the two measurements a run makes.
enum class Load : std::uint8_t {
  kRested,     ///< short samples, interleaved, with rests where the device is held back
  kSustained,  ///< blocks of seconds, after as many short samples as tell which kernels are best
  kBoth,
};

inline constexpr NameTable<Load, 3> kLoadNames{{
    {Load::kRested, "rested"},
    {Load::kSustained, "sustained"},
    {Load::kBoth, "both"},
}};

constexpr std::string_view to_string(Load load) { return name_in(kLoadNames, load); }

/// Blocks of the best dense and the best 2:4 kernel of a case come in turns; block i of the one
/// belongs to block i of the other.
struct Sustained {
  std::string reason;            ///< why there is nothing below; empty: there is
  std::vector<double> launch_s;  ///< seconds for one launch, a value for each block
  /// Joules for one launch, idle power included, a value for each block; empty where the device
  /// does not tell.
  std::vector<double> launch_j;
  std::optional<double> median_s;          ///< of launch_s
  std::optional<double> median_j;          ///< of launch_j
  std::optional<double> watts;             ///< joules over seconds, over all blocks together
  std::optional<double> effective_sm_mhz;  ///< as ClockSample has it, the median over blocks
  /// Of 2:4 to the dense kernel that it took turns with; nothing in the dense kernel's row.
  std::optional<Ratio> vs_dense;
  std::optional<Ratio> energy_vs_dense;  ///< joules of dense over joules of 2:4
  bool operator==(const Sustained&) const = default;
};

}  // namespace twofour
