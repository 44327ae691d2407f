// The sections of the page of one or several runs, a file each. Each gives the HTML of its body,
// empty where there is nothing to show.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "report/html/groups.h"

namespace twofour::report::html {

/// What all sections are made of.
struct Contents {
  /// The results must outlive it.
  Contents(const Results& joined, std::size_t most_rows)
      : runs(joined.runs),
        results(joined),
        groups(groups_of(results, most_rows)),
        styles(groups),
        panels(panels_of(groups)) {}
  Contents(const Contents&) = delete;  // its parts point at one another
  Contents& operator=(const Contents&) = delete;

  std::span<const Run> runs;
  const Results& results;
  std::vector<Group> groups;
  Styles styles;
  std::vector<Panel> panels;
};

/// Most pictures of a section: a page of thousands of layers must stay one that a browser opens.
inline constexpr std::size_t kMostPanels = 60;

std::string answers(const Contents& contents);       ///< answers.cpp
std::string speed_ups(const Contents& contents);     ///< speed_ups.cpp: ratio against M
std::string strips(const Contents& contents);        ///< strips.cpp: the ratios of single rounds
std::string times(const Contents& contents);         ///< times.cpp: time against M, with its limits
std::string rooflines(const Contents& contents);     ///< rooflines.cpp
std::string hot_and_cold(const Contents& contents);  ///< hot_and_cold.cpp
std::string sustained(const Contents& contents);     ///< sustained.cpp: under load, and joules
std::string devices(const Contents& contents);       ///< devices.cpp: how far devices differ
std::string real_weights(const Contents& contents);  ///< real_weights.cpp: what pruning costs
std::string all_rows(const Contents& contents);      ///< all_rows.cpp: the table
std::string machines(const Contents& contents);      ///< machines.cpp: what it ran on
std::string guide(const Contents& contents);         ///< guide.cpp: how to read the page

}  // namespace twofour::report::html
