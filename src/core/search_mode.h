// How thoroughly the algorithms of a library are searched.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/named.h"

namespace twofour {

enum class SearchMode : std::uint8_t {
  kShortlists,  ///< what related searches found is timed first, and all of them where that is not
                ///< enough
  kExhaustive,  ///< all of them, for every row
  kBoth,        ///< both, and the two winners in turns; the row is that of the first
};

inline constexpr NameTable<SearchMode, 3> kSearchModeNames{{
    {SearchMode::kShortlists, "shortlists"},
    {SearchMode::kExhaustive, "exhaustive"},
    {SearchMode::kBoth, "both"},
}};

constexpr std::string_view to_string(SearchMode mode) { return name_in(kSearchModeNames, mode); }

}  // namespace twofour
