// Decisions as text.
#include <fmt/format.h>

#include "decide/formats.h"
#include "decide/words.h"
#include "report/grid.h"
#include "report/printable.h"
#include "report/results.h"

namespace twofour::decide {
namespace {

using report::Display;

std::string lines_of(const std::vector<std::string>& lines, const Display& display) {
  std::string text;
  for (const std::string& one : lines) {
    for (const std::string& line : report::wrapped(report::printable(one), display.width)) {
      text += line + "\n";
    }
  }
  return text.empty() ? text : text + "\n";
}

std::string grid_lines(const report::Grid& grid, const Display& display) {
  if (grid.rows.empty()) return {};
  return report::grid_text(report::fitted(grid, display), display) + "\n";
}

std::string banner(const std::string& title, const Display& display) {
  constexpr std::size_t kWidth = 80;
  std::string line = "== Decision: " + report::printable(title) + " ";
  line += std::string(
      std::max(kWidth, report::display_width(line) + 4) - report::display_width(line), '=');
  return (display.width == 0 ? line : report::cut_end(line, display.width)) + "\n";
}

std::string block(const Decision& decision, const Question& question, const Display& display,
                  Length length) {
  std::string text = banner(title(decision.subject), display);
  text += lines_of(advice(decision), display);
  text += grid_lines(ranges_grid(decision), display);
  text += grid_lines(totals_grid(decision), display);
  text += grid_lines(energy_grid(decision), display);
  if (length == Length::kWhole || question.linear_share) {
    text += grid_lines(end_to_end_grid(decision, question), display);
  }
  if (length == Length::kWhole) {
    text += grid_lines(weights_grid(decision), display);
    text += grid_lines(costs_grid(decision), display);
    text += lines_of(deciders(decision), display);
  }
  std::vector<std::string> told = cautions(decision);
  for (std::string& line : not_known(decision, question)) told.push_back(std::move(line));
  return text + lines_of(told, display);
}

}  // namespace

std::string table(std::span<const report::Run> runs, const Question& question,
                  const Display& display, Length length) {
  return table(report::join(runs), question, display, length);
}

std::string table(const report::Results& results, const Question& question, const Display& display,
                  Length length) {
  std::string text;
  for (const report::DeviceResults& device : results.devices) {
    for (const report::Sweep& sweep : device.sweeps) {
      for (const Decision& decision : decisions(sweep.records, question)) {
        text += block(decision, question, display, length);
      }
    }
  }
  return text;
}

}  // namespace twofour::decide
