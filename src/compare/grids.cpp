// The tables of a comparison, before they have a format.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "compare/words.h"
#include "report/numbers.h"

namespace twofour::compare {
namespace {

using report::Align;
using report::Grid;
using report::Tone;

constexpr double kMicro = 1e6;

Tone tone_of(std::optional<Word> word) {
  if (word == Word::kSlower || word == Word::kBroken) return Tone::kBad;
  return word == Word::kFaster || word == Word::kFixed ? Tone::kGood : Tone::kNone;
}

/// A column of the table of changes.
struct Column {
  Grid::Heading heading;
  std::string (*cell)(const Change&, Question on);
};

std::string word_cell(const Change& c, Question /*on*/) {
  return c.word ? std::string(to_string(*c.word)) : "-";
}

std::string layer_cell(const Change& c, Question /*on*/) {
  return c.tensor_parallel > 1 ? fmt::format("{} TP {}", c.layer, c.tensor_parallel)
                               : c.layer.str();
}

std::string micros(const Boxed<Shift>& shift, double Shift::*value) {
  return shift ? report::short_number(*shift.*value * kMicro) : std::string();
}

std::string shift_cell(const Boxed<Shift>& shift) {
  return shift ? change_text(shift->change, shift->interval) : std::string();
}

std::string shift_word(const Boxed<Shift>& shift) {
  return shift ? std::string(to_string(shift->word)) : std::string();
}

std::string time_cell(const Change& c, Question /*on*/) { return shift_cell(c.time); }
std::string ratio_cell(const Change& c, Question /*on*/) { return shift_cell(c.ratio); }

std::string energy_cell(const Change& c, Question /*on*/) {
  const std::string text = shift_cell(c.energy);
  return text.empty() ? text : text + " " + shift_word(c.energy);
}

/// Of the question that was not asked, whose word is not the row's.
std::string other_word_cell(const Change& c, Question on) {
  return shift_word(on == Question::kRatio ? c.time : c.ratio);
}

/// In a table of few columns: the change, and its word where that is not the row's.
std::string time_and_word_cell(const Change& c, Question on) {
  const std::string text = shift_cell(c.time);
  return on == Question::kTime || text.empty() ? text : text + " " + shift_word(c.time);
}

std::string ratio_and_word_cell(const Change& c, Question on) {
  const std::string text = shift_cell(c.ratio);
  return on == Question::kRatio || text.empty() ? text : text + " " + shift_word(c.ratio);
}

std::string ratios_cell(const Change& c, Question /*on*/) {
  if (!c.ratio) return {};
  return fmt::format("{} -> {}", report::times(c.ratio->old_value),
                     report::times(c.ratio->new_value));
}

std::string times_cell(const Change& c, Question /*on*/) {
  if (!c.time) return {};
  return fmt::format("{} -> {}", micros(c.time, &Shift::old_value),
                     micros(c.time, &Shift::new_value));
}

std::string shape_and_layer_cell(const Change& c, Question on) {
  const std::string layer = layer_cell(c, on);
  return layer.empty() ? mkn(c.problem.shape) : layer + " " + mkn(c.problem.shape);
}

std::string kernel_and_cache_cell(const Change& c, Question /*on*/) {
  return c.cache == CacheMode::kHot ? c.kernel + " (hot)" : c.kernel.str();
}

bool differs(const std::vector<Change>& changes, SharedText Change::*member) {
  return std::any_of(changes.begin(), changes.end(),
                     [&](const Change& c) { return c.*member != changes.front().*member; });
}

/// Columns in their order. The higher the number, the sooner a column goes where there is no place;
/// the quantity that was asked for stays.
std::vector<Column> columns_for(const Comparison& comparison) {
  const std::vector<Change>& changes = comparison.changes;
  const bool on_ratio = comparison.options.on == Question::kRatio;
  const auto any = [&](auto holds) { return std::any_of(changes.begin(), changes.end(), holds); };
  std::vector<Column> columns{{{.text = "word", .toned = true}, word_cell}};
  if (any([](const Change& c) { return !c.device.empty(); }) && differs(changes, &Change::device)) {
    columns.push_back(
        {{.text = "device", .drop = 8}, [](const Change& c, Question) { return c.device.str(); }});
  }
  if (differs(changes, &Change::model)) {
    columns.push_back({{.text = "model", .drop = 9, .cut = true},
                       [](const Change& c, Question) { return c.model.str(); }});
  }
  if (any([](const Change& c) { return !c.layer.empty(); })) {
    columns.push_back({{.text = "layer", .drop = 4}, layer_cell});
  }
  columns.push_back(
      {{.text = "MxKxN"}, [](const Change& c, Question) { return mkn(c.problem.shape); }});
  columns.push_back(
      {{.text = "kernel", .cut = true}, [](const Change& c, Question) { return c.kernel.str(); }});
  if (any([](const Change& c) { return c.cache == CacheMode::kHot; })) {
    columns.push_back({{.text = "cache"},
                       [](const Change& c, Question) { return std::string(to_string(c.cache)); }});
  }
  if (any([](const Change& c) {
        return c.problem.scales != ScaleScheme{} && to_string(c.problem.scales) != "none";
      })) {
    columns.push_back({{.text = "scales", .drop = 10}, [](const Change& c, Question) {
                         return std::string(to_string(c.problem.scales));
                       }});
  }
  columns.push_back({{.text = "time, us", .align = Align::kRight, .drop = 6}, times_cell});
  columns.push_back({{.text = "time [95 %]", .drop = on_ratio ? 3 : 0}, time_cell});
  columns.push_back({{.text = "2:4 vs dense", .align = Align::kRight, .drop = 5}, ratios_cell});
  columns.push_back({{.text = "2:4 vs dense [95 %]", .drop = on_ratio ? 0 : 3}, ratio_cell});
  columns.push_back({{.text = on_ratio ? "time is" : "ratio is"}, other_word_cell});
  if (any([](const Change& c) { return c.energy.has_value(); })) {
    const bool on_energy = comparison.options.on == Question::kEnergy;
    columns.push_back({{.text = "energy [95 %]", .drop = on_energy ? 0 : 4}, energy_cell});
  }
  columns.push_back(
      {{.text = "note", .drop = 7}, [](const Change& c, Question on) { return note(c, on); }});
  return columns;
}

/// Where energy was asked for, it stands in the place of the speed-ups themselves.
std::vector<Column> eight_columns(Question asked_for) {
  const Column ratios_or_energy = asked_for == Question::kEnergy
                                      ? Column{{"energy [95 %]"}, energy_cell}
                                      : Column{{"2:4 vs dense", Align::kRight}, ratios_cell};
  return {
      {{"word"}, word_cell},
      {{"layer, MxKxN"}, shape_and_layer_cell},
      {{"kernel"}, kernel_and_cache_cell},
      {{"time, us", Align::kRight}, times_cell},
      {{"time [95 %]"}, time_and_word_cell},
      ratios_or_energy,
      {{"2:4 vs dense [95 %]"}, ratio_and_word_cell},
      {{"note"},
       [](const Change& c, Question on) {
         return c.reason.empty() ? note(c, on) : c.reason.str();
       }},
  };
}

void append_mean(Grid& grid, std::string_view regime, std::string_view of,
                 const std::optional<Common>& mean) {
  if (!mean) return;
  grid.rows.push_back(
      {.cells = {std::string(regime), std::string(of), change_text(mean->change, mean->interval),
                 fmt::format("{}", mean->rows)}});
}

bool wanted(const Change& change, Rows rows) {
  if (rows == Rows::kAll) return true;
  return (change.word == Word::kSame) == (rows == Rows::kSame);
}

}  // namespace

Grid means_grid(const Comparison& comparison) {
  Grid grid;
  grid.headings = {{.text = "geometric means"},
                   {.text = "of"},
                   {.text = "change [95 %]"},
                   {.text = "rows", .align = Align::kRight}};
  for (const RegimeMeans& means : comparison.means) {
    append_mean(grid, means.regime, "time, dense", means.dense_time);
    append_mean(grid, means.regime, "time, 2:4", means.sparse_time);
    append_mean(grid, means.regime, "2:4 vs dense", means.ratio);
  }
  return grid;
}

std::size_t rows_of(const Comparison& comparison, Rows rows) {
  return static_cast<std::size_t>(
      std::count_if(comparison.changes.begin(), comparison.changes.end(),
                    [&](const Change& change) { return wanted(change, rows); }));
}

void each_piece(const Comparison& comparison, Rows rows, Columns columns,
                FunctionRef<void(const Grid&)> take) {
  constexpr std::size_t kRowsOfAPiece = 2000;
  if (comparison.changes.empty()) return;
  const std::vector<Column> list =
      columns == Columns::kEight ? eight_columns(comparison.options.on) : columns_for(comparison);
  Grid grid;
  std::size_t first_number = 0;
  for (const Column& column : list) {
    if (column.cell == times_cell) first_number = grid.headings.size();
    grid.headings.push_back(column.heading);
  }
  for (const Change& change : comparison.changes) {
    if (!wanted(change, rows)) continue;
    Grid::Row row{.tone = tone_of(change.word)};
    for (const Column& column : list) {
      row.cells.push_back(column.cell(change, comparison.options.on));
    }
    if (columns == Columns::kAll && !change.reason.empty()) {
      row.remark = change.reason;
      row.remark_column = first_number;
    }
    grid.rows.push_back(std::move(row));
    if (grid.rows.size() < kRowsOfAPiece) continue;
    take(grid);
    grid.rows.clear();
  }
  if (!grid.rows.empty()) take(grid);
}

Grid changes_grid(const Comparison& comparison, Rows rows, Columns columns) {
  Grid all;
  each_piece(comparison, rows, columns, [&](const Grid& piece) {
    all.headings = piece.headings;
    all.rows.insert(all.rows.end(), piece.rows.begin(), piece.rows.end());
  });
  return all;
}

}  // namespace twofour::compare
