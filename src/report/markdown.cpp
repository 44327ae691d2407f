// What people read in a pull request, as GitHub Flavored Markdown.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/formats.h"
#include "report/layout.h"
#include "report/left_out.h"
#include "report/machine.h"
#include "report/markdown_text.h"
#include "report/overview.h"
#include "report/pattern_text.h"
#include "report/printable.h"
#include "report/problems.h"
#include "report/results.h"
#include "report/spread.h"

namespace twofour::report {
namespace {

/// GitHub takes 65536 characters in a description or a comment. What is too long for that is left
/// out, beginning with what says least, and leaves place for words around the report.
constexpr std::size_t kMostBytes = 60000;
constexpr std::size_t kMostBytesOfATable = 30000;
constexpr std::size_t kMostOfAName = 240;
constexpr std::size_t kMostDevices = 7;
constexpr std::string_view kIndent = "  ";

std::string escaped(std::string_view text) { return markdown_text(printable(text)); }

/// A name in a heading.
std::string name_text(std::string_view name) {
  return markdown_text(cut_middle(printable(name), kMostOfAName));
}

/// A line that begins with two spaces belongs to the one before it.
std::string list_of(const std::vector<std::string>& lines) {
  std::string text;
  for (std::string_view line : lines) {
    if (line.starts_with(kIndent)) {
      text += kIndent;
      line.remove_prefix(kIndent.size());
    }
    text += "- " + escaped(line) + "\n";
  }
  return text;
}

/// A table for each model and TP size, under a heading where there are several.
std::string tables_by_model(std::span<const Record> records,
                            Grid (*table_of)(std::span<const Problem>)) {
  std::string text;
  const std::vector<std::vector<const Record*>> tables = by_model(records);
  for (const std::vector<const Record*>& rows : tables) {
    if (tables.size() > 1) {
      text += fmt::format("**{}, TP {}**\n\n", name_text(rows.front()->model),
                          rows.front()->tensor_parallel);
    }
    text += grid_markdown(table_of(problems(rows))) + "\n";
  }
  return text;
}

/// `what` is of_what().
std::string library_details(std::span<const Record> records, const std::string& what) {
  std::string text =
      "Medians in microseconds of the fastest kernel of each library; empty where none was "
      "measured.\n\n" +
      tables_by_model(records, library_table);
  const Grid means = library_means(problems(records));
  if (!means.rows.empty()) {
    text += of_pattern(
                "Time of the fastest 2:4 kernel of the other libraries over that of this one, "
                "geometric means: above 1 this one is ahead.\n\n",
                pattern_of(records)) +
            grid_markdown(means) + "\n";
  }
  text += "What the libraries chose to run:\n\n" + tables_by_model(records, algorithm_table);
  return markdown_folded("The fastest kernel of each library" + what, text);
}

std::string reading_details(const Conclusion& end) {
  std::string text;
  if (!end.means.rows.empty()) text += grid_markdown(end.means) + "\n";
  return markdown_folded("Means, and what the words say", text + list_of(end.legend));
}

std::string all_rows(std::span<const Record> records, const std::string& what) {
  // It is left out then: a row takes more than this.
  constexpr std::size_t kLeastBytesOfARow = 20;
  if (records.size() * kLeastBytesOfARow > kMostBytes) return std::string(kMostBytes + 1, ' ');
  std::string text;
  for (const LongTable& table : sweep_tables(records, Medium::kMarkdown)) {
    text += "**" + name_text(table.title()) + "**\n\n" +
            grid_markdown(table.piece(0, table.rows())) + "\n";
  }
  return markdown_folded(fmt::format("All {} rows{}", records.size(), what), text);
}

std::string sweep_title(const Sweep& sweep) {
  return fmt::format("### {}{} {}\n\n", info(sweep.dtype).torch_name, pattern_mark(sweep.pattern),
                     to_string(sweep.mode));
}

/// About as many characters and lines as kMostBytesOfATable has place for.
constexpr Display kOverviewSize{.width = 200, .height = 150};

std::string overview_text(const Sweep& sweep, const Display& display) {
  std::string text;
  for (const Overview& overview : overviews(sweep, display)) {
    text += "**" + escaped(overview.title) + "**\n\n" + grid_markdown(overview.grid) + "\n";
    if (!overview.remark.empty()) text += escaped(overview.remark + ".") + "\n\n";
  }
  return text;
}

/// A row for each problem, or where these are too many, speed-ups by layer and M.
std::string main_tables(const Sweep& sweep) {
  std::string text = tables_by_model(sweep.records, best_table);
  if (text.size() <= kMostBytesOfATable) return text;
  text = "The table of all problems is too long for a pull request. " + escaped(overview_legend()) +
         "\n\n";
  const std::string whole = overview_text(sweep, {});
  return text + (whole.size() <= kMostBytesOfATable ? whole : overview_text(sweep, kOverviewSize));
}

std::string machine_details(const Results& results, const DeviceResults& device) {
  std::string text;
  for (const Run* run : device.runs) {
    const RowFacts& facts = results.facts[static_cast<std::size_t>(run - results.runs.data())];
    if (device.runs.size() > 1) text += escaped(run->source) + ":\n\n";
    text += markdown_code(printable(command_line(run->environment))) + "\n" +
            list_of(machine_facts(run->environment, facts)) + "\n";
  }
  return markdown_folded("What it ran on", text);
}

/// " of torch.int8 model_bench on device #2" where there are several, to be told apart.
std::string of_what(const Results& results, std::size_t device, const Sweep& sweep) {
  std::string what;
  if (results.devices[device].sweeps.size() > 1) {
    what = fmt::format(" of {}{} {}", info(sweep.dtype).torch_name, pattern_mark(sweep.pattern),
                       to_string(sweep.mode));
  }
  if (results.devices.size() > 1) what += fmt::format(" on device #{}", device + 1);
  return what;
}

/// Its first rows, and how many there are where that is not all.
std::string first_rows(const Grid& grid) {
  constexpr std::size_t kMostProblems = 500;
  if (grid.rows.size() <= kMostProblems) return grid_markdown(grid) + "\n";
  Grid first{.headings = grid.headings};
  first.rows.assign(grid.rows.begin(), grid.rows.begin() + kMostProblems);
  return grid_markdown(first) + fmt::format(
                                    "\nThe first {} of {} lines; `twofour report` shows "
                                    "all.\n\n",
                                    kMostProblems, grid.rows.size());
}

std::string devices_text(const Results& results) {
  std::string text;
  for (const Grid& grid : side_by_side(results, kMostDevices)) {
    text +=
        "## Devices side by side\n\nTime of the best 2:4 kernel, and its speed-up over the "
        "fastest dense one there.\n\n" +
        first_rows(grid);
  }
  for (const Spread& spread : spreads(results)) {
    text += "## " + name_text(spread.title) + "\n\n" + first_rows(spread.grid) +
            list_of(spread.told) + "\n";
  }
  return text;
}

std::string left_out_text(const Results& results) {
  if (results.left_out.empty()) return {};
  std::vector<std::string> lines;
  lines.reserve(results.left_out.size());
  for (const std::string& line : results.left_out) lines.push_back("left out: " + line + ".");
  return list_of(lines) + "\n";
}

}  // namespace

std::string markdown_opening(const Environment& environment) {
  return "**Device:** " + escaped(device_text(environment.device)) + "\n\n";
}

std::string markdown_case(std::span<const Record> records) {
  if (records.empty()) return {};
  const Block block = case_table(records, Medium::kMarkdown);
  return "### " + name_text(block.title) + "\n\n" + grid_markdown(block.grid) + "\n";
}

std::string markdown_document(std::span<const Run> runs) { return markdown_document(join(runs)); }

std::string markdown_document(const Results& results) {
  const bool several = results.devices.size() > 1;
  std::string text = left_out_text(results);
  if (several) text += devices_text(results);
  std::string folded;
  bool too_long = false;
  const auto add_if_short = [&](const std::string& part) {
    const bool fits = text.size() + folded.size() + part.size() <= kMostBytes;
    if (fits) folded += part;
    too_long = too_long || !fits;
  };
  for (std::size_t i = 0; i < results.devices.size(); ++i) {
    const DeviceResults& device = results.devices[i];
    if (several) text += "## " + name_text(fmt::format("#{} {}", i + 1, device.title)) + "\n\n";
    for (const Sweep& sweep : device.sweeps) {
      const Conclusion end = conclude(sweep.records, "WIN in bold letters");
      if (device.sweeps.size() > 1) text += sweep_title(sweep);
      text += "**" + escaped(end.answer) + "**\n\n" + main_tables(sweep);
      if (!end.counts.empty()) text += list_of(end.counts) + "\n";
      if (!end.sustained.rows.empty()) {
        folded += markdown_folded("Sustained load and energy" + of_what(results, i, sweep),
                                  grid_markdown(end.sustained) + "\n");
      }
      if (!end.real_weights.rows.empty()) {
        text += grid_markdown(end.real_weights) + "\n" + escaped(end.real_weights_text) + "\n\n";
      }
      text += reading_details(end);
    }
    text += machine_details(results, device);
  }
  for (auto* const details : {library_details, all_rows}) {
    for (std::size_t i = 0; i < results.devices.size(); ++i) {
      for (const Sweep& sweep : results.devices[i].sweeps) {
        add_if_short(details(sweep.records, of_what(results, i, sweep)));
      }
    }
  }
  if (too_long) {
    folded +=
        "Some tables are too long for a pull request: `twofour report --format csv` or `table` "
        "has all rows.\n";
  }
  return text + folded;
}

}  // namespace twofour::report
