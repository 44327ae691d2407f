// Decisions for a pull request.
#include <fmt/format.h>

#include "decide/formats.h"
#include "decide/words.h"
#include "report/grid.h"
#include "report/markdown_text.h"
#include "report/printable.h"
#include "report/results.h"

namespace twofour::decide {
namespace {

std::string escaped(std::string_view text) {
  return report::markdown_text(report::printable(text));
}

std::string list_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "- " + escaped(line) + "\n";
  return text.empty() ? text : text + "\n";
}

std::string table_of(const report::Grid& grid) {
  return grid.rows.empty() ? std::string() : report::grid_markdown(grid) + "\n";
}

std::string block(const Decision& decision, const Question& question) {
  std::string text = fmt::format("**Decision: {}**\n\n", escaped(title(decision.subject)));
  text += list_of(advice(decision));
  text += table_of(ranges_grid(decision)) + table_of(totals_grid(decision)) +
          table_of(energy_grid(decision));
  std::string more = table_of(end_to_end_grid(decision, question));
  more += table_of(weights_grid(decision)) + table_of(costs_grid(decision));
  more += list_of(deciders(decision));
  more += list_of(cautions(decision)) + list_of(not_known(decision, question));
  return text + report::markdown_folded(
                    "Memory, cost, the whole forward pass, and what is not known", more);
}

}  // namespace

std::string markdown(std::span<const report::Run> runs, const Question& question,
                     std::size_t most_bytes) {
  return markdown(report::join(runs), question, most_bytes);
}

std::string markdown(const report::Results& results, const Question& question,
                     std::size_t most_bytes) {
  std::string text;
  std::size_t left_out = 0;
  for (const report::DeviceResults& device : results.devices) {
    for (const report::Sweep& sweep : device.sweeps) {
      for (const Decision& decision : decisions(sweep.records, question)) {
        const std::string one = block(decision, question);
        if (text.size() + one.size() > most_bytes) {
          ++left_out;
        } else {
          text += one;
        }
      }
    }
  }
  if (left_out > 0) {
    text += fmt::format(
        "{} {} left out, too long for a pull request: `twofour report --format table` has all.\n\n",
        left_out, left_out == 1 ? "decision is" : "decisions are");
  }
  return text;
}

}  // namespace twofour::decide
