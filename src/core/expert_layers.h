// Names of layers of experts.
#pragma once

#include <string_view>

namespace twofour {

/// What the name of a layer of experts ends with where all that the tokens reach run in one launch.
inline constexpr std::string_view kAllExpertsSuffix = "_all_experts";

}  // namespace twofour
