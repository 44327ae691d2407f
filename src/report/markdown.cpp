// What people read in a pull request, as GitHub Flavored Markdown.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/formats.h"
#include "report/layout.h"
#include "report/left_out.h"
#include "report/machine.h"
#include "report/markdown_text.h"
#include "report/overview.h"
#include "report/printable.h"
#include "report/problems.h"
#include "report/results.h"

namespace twofour::report {
namespace {

/// GitHub takes 65536 characters in a description or a comment; the tables of all rows are there
/// as far as they leave place for our own words around the report.
constexpr std::size_t kMostBytes = 60000;
constexpr std::size_t kMostDevices = 7;
constexpr std::string_view kIndent = "  ";

std::string escaped(std::string_view text) { return markdown_text(printable(text)); }

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
  const std::vector<std::vector<Record>> tables = by_model(records);
  for (const std::vector<Record>& rows : tables) {
    if (tables.size() > 1) {
      text += fmt::format("**{}, TP {}**\n\n", escaped(rows.front().model),
                          rows.front().tensor_parallel);
    }
    text += grid_markdown(table_of(problems(rows))) + "\n";
  }
  return text;
}

std::string library_details(std::span<const Record> records) {
  std::string text =
      "Medians in microseconds of the fastest kernel of each library; empty where none was "
      "measured.\n\n" +
      tables_by_model(records, library_table);
  const Grid means = library_means(problems(records));
  if (!means.rows.empty()) {
    text +=
        "Time of the fastest 2:4 kernel of the other libraries over that of this one, geometric "
        "means: above 1 this one is ahead.\n\n" +
        grid_markdown(means) + "\n";
  }
  text += "What the libraries chose to run:\n\n" + tables_by_model(records, algorithm_table);
  return markdown_folded("The fastest kernel of each library", text);
}

std::string reading_details(const Conclusion& end) {
  std::string text;
  if (!end.means.rows.empty()) text += grid_markdown(end.means) + "\n";
  return markdown_folded("Means, and what the words say", text + list_of(end.legend));
}

std::string all_rows(std::span<const Record> records) {
  std::string text;
  for (const Block& block : sweep_tables(records, Medium::kMarkdown)) {
    text += "**" + escaped(block.title) + "**\n\n" + grid_markdown(block.grid) + "\n";
  }
  return markdown_folded(fmt::format("All {} rows", records.size()), text);
}

/// The answer and what it follows from, without the table of all rows.
std::string sweep_title(const Sweep& sweep) {
  return fmt::format("### {} {}\n\n", info(sweep.dtype).torch_name, to_string(sweep.mode));
}

std::string sweep_text(std::span<const Record> records) {
  const Conclusion end = conclude(records, "WIN in bold letters");
  return fmt::format("**{}**\n\n", escaped(end.answer)) + tables_by_model(records, best_table) +
         (end.counts.empty() ? std::string() : list_of(end.counts) + "\n") +
         library_details(records) + reading_details(end);
}

std::string machine_details(const DeviceResults& device) {
  std::string text;
  for (const Run* run : device.runs) {
    if (device.runs.size() > 1) text += escaped(run->source) + ":\n\n";
    text += markdown_code(printable(command_line(run->environment))) + "\n" +
            list_of(machine_facts(*run)) + "\n";
  }
  return markdown_folded("What it ran on", text);
}

std::string devices_text(const Results& results) {
  std::string text;
  for (const Grid& grid : side_by_side(results, kMostDevices)) {
    text +=
        "## Devices side by side\n\nTime of the best 2:4 kernel, and its speed-up over the "
        "fastest dense one there.\n\n" +
        grid_markdown(grid) + "\n";
  }
  return text;
}

std::string left_out_text(const Results& results) {
  if (results.left_out.empty()) return {};
  std::vector<std::string> lines;
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
  return "### " + escaped(block.title) + "\n\n" + grid_markdown(block.grid) + "\n";
}

std::string markdown_document(std::span<const Run> runs) {
  const Results results = join(runs);
  const bool several = results.devices.size() > 1;
  std::string text;
  std::string rows;
  std::size_t left_away = 0;
  for (std::size_t i = 0; i < results.devices.size(); ++i) {
    const DeviceResults& device = results.devices[i];
    const std::string title = fmt::format("#{} {}", i + 1, device.title);
    if (several) text += "## " + escaped(title) + "\n\n";
    for (const Sweep& sweep : device.sweeps) {
      if (device.sweeps.size() > 1) text += sweep_title(sweep);
      text += sweep_text(sweep.records);
      std::string all = all_rows(sweep.records);
      if (text.size() + rows.size() + all.size() > kMostBytes) {
        left_away += sweep.records.size();
      } else {
        rows += (several ? escaped(title) + "\n\n" : std::string()) + all;
      }
    }
    text += machine_details(device);
  }
  text = left_out_text(results) + (several ? devices_text(results) + text : text) + rows;
  if (left_away > 0) {
    text += fmt::format(
        "The tables of all {} rows are too long for a pull request: `twofour report --format csv` "
        "or `table` has them.\n",
        left_away);
  }
  return text;
}

}  // namespace twofour::report
