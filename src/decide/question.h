// What a decision is asked about, beside the rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::decide {

/// One kind of forward pass of a mix.
struct TrafficClass {
  std::string name;
  std::int64_t tokens = 0;  ///< batch size of the forward pass
  double share = 0;         ///< of the forward passes, above 0
};

/// The name of a class whose passes are decoding steps: layers that only a prefill runs are left
/// out.
inline constexpr std::string_view kDecode = "decode";

inline constexpr std::string_view kTrafficAllowed =
    "NAME:BxSHARE with B from 1 to 268435456 and SHARE above 0, separated by commas, whose shares "
    "sum to 1, like decode:64x0.8,prefill:2048x0.2";

/// The mix that `text` writes: "decode:64x0.8,prefill:2048x0.2". Throws std::invalid_argument with
/// what is wrong, as "'x' ...", which the name of an option goes before.
std::vector<TrafficClass> parse_traffic(std::string_view text);

struct Question {
  std::vector<TrafficClass> traffic;   ///< none: each batch size alone
  std::optional<double> linear_share;  ///< above 0, at most 1; nothing: some are shown
};

}  // namespace twofour::decide
