// The pairs that were measured under sustained load: how much faster 2:4 is then, and what a launch
// costs in joules.
#include "report/sustained.h"

#include <fmt/format.h>

#include "report/html/data_table.h"
#include "report/html/sections.h"
#include "report/pattern_text.h"

namespace twofour::report::html {

std::string sustained(const Contents& contents) {
  std::string html;
  for (const Group& group : contents.groups) {
    for (const Sweep& sweep : group.device->sweeps) {
      const Grid grid = sustained_table(sweep.records);
      if (grid.rows.empty()) continue;
      html += plain_table(fmt::format("{}, {}{} {}", group.name, info(sweep.dtype).cli_name,
                                      pattern_mark(sweep.pattern), to_string(sweep.mode)),
                          grid);
    }
  }
  if (html.empty()) return {};
  return "<p>The fastest dense and the fastest 2:4 kernel of a case, each alone for seconds, in "
         "turns: a device that is held to its power limit runs each at its own clock then. Energy "
         "is that of the whole device, its idle power included.</p>\n" +
         html;
}

}  // namespace twofour::report::html
