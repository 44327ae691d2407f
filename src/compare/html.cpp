// A comparison as a page: one file that opens offline (report/html/page.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "compare/formats.h"
#include "compare/words.h"
#include "report/formats.h"
#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/page.h"
#include "report/html/svg.h"
#include "report/numbers.h"

namespace twofour::compare {
namespace {

namespace html = report::html;
using html::escape;

constexpr double kMicro = 1e6;
constexpr std::size_t kMostInPicture = 60;

std::string list_of(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string text = "<ul>\n";
  for (const std::string& line : lines) text += "<li>" + escape(line) + "</li>\n";
  return text + "</ul>\n";
}

std::string answer_section(const Comparison& comparison) {
  const Finding found = finding(comparison, false);
  const std::string_view kind = found == Finding::kSomethingSlower ? "no"
                                : found == Finding::kNothingSlower ? "yes"
                                                                   : "part";
  std::string text =
      fmt::format("<div class=\"answers\"><div class=\"answer {}\"><p class=\"word\">{}</p>\n",
                  kind, escape(answer(comparison)));
  for (const std::string& line : cautions(comparison)) {
    text += "<p class=\"warning\">" + escape(line) + "</p>\n";
  }
  return text + "</div></div>\n";
}

bool drawable(const Boxed<Shift>& shift) {
  return shift && std::isfinite(shift->interval.low) && std::isfinite(shift->interval.high) &&
         shift->interval.low > 0;
}

std::string change_label(double factor) { return percent_change(factor); }

/// The look of a word: what is worse, what is better, and the rest.
int style_of(const std::optional<Word>& word) {
  constexpr int kWorse = 1;
  constexpr int kBetter = 2;
  if (word == Word::kSlower) return kWorse;
  return word == Word::kFaster ? kBetter : html::kNeutral;
}

struct Drawn {
  std::size_t index;  ///< of the change
  const Change* change;
};

void draw_row(html::Svg& svg, const html::Scale& x, double y, const Drawn& drawn, Question on) {
  const Shift& shift = *asked(*drawn.change, on);
  const int style = style_of(shift.word);
  svg.begin(html::style_class(style), drawn.index);
  svg.line({x.at(shift.interval.low), y}, {x.at(shift.interval.high), y}, "bar");
  svg.end();
  svg.mark({x.at(shift.change), y}, style, "", drawn.index);
}

std::string picture(const Comparison& comparison) {
  const Question on = comparison.options.on;
  std::vector<Drawn> rows;
  for (std::size_t i = 0; i < comparison.changes.size(); ++i) {
    const Change& change = comparison.changes[i];
    if (drawable(asked(change, on))) rows.push_back({i, &change});
  }
  if (rows.empty()) return {};
  std::stable_sort(rows.begin(), rows.end(), [&](const Drawn& a, const Drawn& b) {
    return std::abs(std::log(asked(*a.change, on)->change)) >
           std::abs(std::log(asked(*b.change, on)->change));
  });
  const std::size_t all = rows.size();
  if (rows.size() > kMostInPicture)
    rows.erase(rows.begin() + std::ptrdiff_t{kMostInPicture}, rows.end());
  std::stable_sort(rows.begin(), rows.end(), [&](const Drawn& a, const Drawn& b) {
    return asked(*a.change, on)->change > asked(*b.change, on)->change;
  });
  html::Range range(true);
  range.add(1 + comparison.options.threshold);
  range.add(1 / (1 + comparison.options.threshold));
  for (const Drawn& row : rows) {
    range.add(asked(*row.change, on)->interval.low);
    range.add(asked(*row.change, on)->interval.high);
  }
  constexpr double kWidth = 560;
  constexpr double kRowHeight = 12;
  constexpr double kLabels = 210;
  const html::Area area{.left = kLabels,
                        .top = 10,
                        .right = kWidth - 20,
                        .bottom = 14 + kRowHeight * static_cast<double>(rows.size())};
  html::Svg svg(kWidth, area.bottom + 34, "Change of each row with its interval");
  const html::Scale x = html::padded(range, area.left, area.right, true);
  const double low = x.at(1 / (1 + comparison.options.threshold));
  svg.rect({low, area.top}, x.at(1 + comparison.options.threshold) - low, area.bottom - area.top,
           "even");
  constexpr std::size_t kMostTicks = 6;
  html::draw_x_axis(svg, area, x, html::ticks(x, kMostTicks), change_label);
  svg.line({x.at(1), area.top}, {x.at(1), area.bottom}, "one");
  double y = area.top + kRowHeight / 2;
  for (const Drawn& row : rows) {
    const Change& c = *row.change;
    svg.row_name({area.left - 6, y + 3}, kLabels - 6,
                 fmt::format("{}{}{} {}", c.layer, c.layer.empty() ? "" : " ", mkn(c.problem.shape),
                             to_string(c.problem.sparsity)));
    draw_row(svg, x, y, row, on);
    y += kRowHeight;
  }
  const std::string note =
      all > rows.size() ? fmt::format("The {} largest of {} changes.", rows.size(), all) : "";
  return html::figure(on == Question::kRatio    ? "Change of the speed-up of 2:4 over dense"
                      : on == Question::kEnergy ? "Change of the energy of a launch"
                                                : "Change of the time of a launch",
                      "NEW over OLD, with 95 % intervals; the band is the threshold", svg, note);
}

std::string word_cell(const std::optional<Word>& word) {
  if (!word) return "-";
  const std::string_view text = to_string(*word);
  if (word == Word::kSlower || word == Word::kBroken) {
    return fmt::format("<span class=loss>{}</span>", text);
  }
  if (word == Word::kFaster || word == Word::kFixed) {
    return fmt::format("<span class=win>{}</span>", text);
  }
  return std::string(text);
}

std::string change_cell(const Boxed<Shift>& shift) {
  return shift ? escape(change_text(shift->change, shift->interval)) : std::string();
}

void append_values(std::vector<std::string>& cells, const Boxed<Shift>& shift, double unit) {
  cells.push_back(shift ? report::short_number(shift->old_value * unit) : std::string());
  cells.push_back(shift ? report::short_number(shift->new_value * unit) : std::string());
}

std::string shift_word(const Boxed<Shift>& shift) {
  return shift ? word_cell(shift->word) : std::string();
}

bool any_energy(const Comparison& comparison) {
  return std::any_of(comparison.changes.begin(), comparison.changes.end(),
                     [](const Change& c) { return c.energy.has_value(); });
}

/// What decides comes first: the others are to the right, where a narrow screen ends.
std::vector<html::DataColumn> columns(bool energy) {
  std::vector<html::DataColumn> list{
      {.key = "word", .heading = "word", .filter = true, .tip = true},
      {.key = "layer", .heading = "layer", .filter = true, .tip = true},
      {.key = "m", .heading = "M", .number = true, .filter = true, .tip = true},
      {.key = "k", .heading = "K", .number = true, .tip = true},
      {.key = "n", .heading = "N", .number = true, .tip = true},
      {.key = "kernel", .heading = "kernel", .filter = true, .tip = true},
      {.key = "time", .heading = "time", .number = true, .tip = true},
      {.key = "timeword", .heading = "time is", .filter = true},
      {.key = "ratio", .heading = "2:4 vs dense", .number = true, .tip = true},
      {.key = "ratioword", .heading = "ratio is", .filter = true},
      {.key = "old", .heading = "old, us", .number = true},
      {.key = "new", .heading = "new, us", .number = true},
      {.key = "oldratio", .heading = "old 2:4 vs dense", .number = true},
      {.key = "newratio", .heading = "new", .number = true},
      {.key = "cache", .heading = "cache", .filter = true},
      {.key = "model", .heading = "model", .filter = true},
      {.key = "device", .heading = "device", .filter = true},
      {.key = "note", .heading = "note"},
  };
  if (energy) {
    list.push_back({.key = "energy", .heading = "energy", .number = true, .tip = true});
    list.push_back({.key = "energyword", .heading = "energy is", .filter = true});
  }
  return list;
}

std::string changes_table(const Comparison& comparison) {
  if (comparison.changes.empty()) return {};
  constexpr std::size_t kMostOfNote = 240;
  const bool energy = any_energy(comparison);
  std::vector<html::DataRow> rows;
  const std::size_t shown = std::min(comparison.changes.size(), report::kMostRowsOfAPage);
  for (std::size_t i = 0; i < shown; ++i) {
    const Change& c = comparison.changes[i];
    html::DataRow row{.index = i};
    row.cells = {word_cell(c.word),
                 html::name(c.layer),
                 fmt::format("{}", c.problem.shape.m),
                 fmt::format("{}", c.problem.shape.k),
                 fmt::format("{}", c.problem.shape.n),
                 html::name(c.kernel),
                 change_cell(c.time),
                 shift_word(c.time),
                 change_cell(c.ratio),
                 shift_word(c.ratio)};
    append_values(row.cells, c.time, kMicro);
    append_values(row.cells, c.ratio, 1);
    row.cells.emplace_back(to_string(c.cache));
    row.cells.push_back(html::name(c.model));
    row.cells.push_back(html::name(c.device));
    const std::string told = c.reason.empty() ? note(c, comparison.options.on) : c.reason.str();
    row.cells.push_back(
        told.empty() ? "" : "<span class=why>" + html::name(told, kMostOfNote) + "</span>");
    if (energy) {
      row.cells.push_back(change_cell(c.energy));
      row.cells.push_back(shift_word(c.energy));
    }
    rows.push_back(std::move(row));
  }
  std::string caption =
      "A row for each kernel, problem and cache state; changes are NEW over OLD, with 95 % "
      "intervals.";
  if (shown < comparison.changes.size()) {
    caption += fmt::format(
        " The first {} of {} rows, what matters most first; 'twofour compare --format csv' has "
        "all.",
        shown, comparison.changes.size());
  }
  return html::data_table(caption, columns(energy), rows);
}

std::string means_section(const Comparison& comparison) {
  const report::Grid grid = means_grid(comparison);
  if (grid.rows.empty()) return {};
  std::vector<std::string> headings;
  for (const report::Grid::Heading& heading : grid.headings)
    headings.push_back(escape(heading.text));
  std::vector<std::vector<std::string>> rows;
  for (const report::Grid::Row& row : grid.rows) {
    rows.emplace_back();
    for (const std::string& cell : row.cells) rows.back().push_back(escape(cell));
  }
  return html::plain_table("NEW over OLD", headings, rows);
}

}  // namespace

std::string html_page(const Comparison& comparison) {
  const std::vector<html::Section> sections{
      {"answer", "The answer", answer_section(comparison)},
      {"changes", "The changes", picture(comparison)},
      {"means", "Together", means_section(comparison)},
      {"table", "All rows", changes_table(comparison)},
      {"sides", "What was compared", list_of(sides(comparison)) + list_of(differences(comparison))},
      {"guide", "How to read this page", list_of(legend(comparison))},
  };
  return html::page("What changed?",
                    fmt::format("{} against {}", fmt::join(comparison.after.sources, ", "),
                                fmt::join(comparison.before.sources, ", ")),
                    sections);
}

}  // namespace twofour::compare
