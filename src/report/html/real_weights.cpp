// What pruning and quantising costs the layers whose stored weights were multiplied.
#include "report/real_weights.h"

#include <fmt/format.h>

#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/sections.h"

namespace twofour::report::html {

std::string real_weights(const Contents& contents) {
  std::string html;
  for (const Group& group : contents.groups) {
    for (const Sweep& sweep : group.device->sweeps) {
      const Grid grid = real_weights_table(sweep.records);
      if (grid.rows.empty()) continue;
      html += "<p>" + escape(real_weights_text(sweep.records)) + "</p>\n" +
              plain_table(fmt::format("{}, {} {}", group.name, info(sweep.dtype).cli_name,
                                      to_string(sweep.mode)),
                          grid);
      const Grid survey = survey_table(sweep.records);
      if (survey.rows.empty()) continue;
      html += plain_table(fmt::format("{}, {}: error by pruning in each decoder layer, and the "
                                      "energy that is retained",
                                      group.name, info(sweep.dtype).cli_name),
                          survey);
    }
  }
  return html;
}

}  // namespace twofour::report::html
