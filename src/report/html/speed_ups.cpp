// Speed-up over the best dense kernel against M: a picture for each layer, a line for each 2:4
// kernel with the band of its intervals, the line at 1, and between which M the two break even.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/html/svg.h"
#include "report/pattern_text.h"

namespace twofour::report::html {
namespace {

constexpr double kWidth = 338;
constexpr double kHeight = 216;
/// Right of it the longest usual label, "cusparselt + bias", has room.
constexpr Area kArea{40, 24, 213, 176};

/// The best 2:4 row at each x, by its ratio.
std::vector<Row> best_ratios(const Panel& panel) {
  std::map<double, Row> best;
  for (const Series& series : series_of(panel, is_compared)) {
    for (const Row& row : series.rows) {
      Row& same = best.try_emplace(x_of(panel, *row.record), row).first->second;
      if (row.record->vs_dense->value > same.record->vs_dense->value) same = row;
    }
  }
  std::vector<Row> rows;
  rows.reserve(best.size());
  for (const auto& [x, row] : best) rows.push_back(row);
  return rows;
}

struct Bracket {
  double low = 0, high = 0;  ///< of x: 2:4 wins at one end and loses at the other
};

/// Where neighbours that are decided are decided differently; what is undecided lies within.
std::vector<Bracket> break_evens(const Panel& panel) {
  std::vector<Bracket> brackets;
  std::optional<std::pair<double, Verdict>> last;
  for (const Row& row : best_ratios(panel)) {
    const Verdict verdict = row.record->vs_dense->verdict;
    if (verdict != Verdict::kWin && verdict != Verdict::kLoss) continue;
    const double x = x_of(panel, *row.record);
    if (last && last->second != verdict) brackets.push_back({last->first, x});
    last = {x, verdict};
  }
  return brackets;
}

std::string note_of(const Panel& panel, const std::vector<Bracket>& brackets) {
  std::vector<std::string> places;
  places.reserve(brackets.size());
  for (const Bracket& bracket : brackets) {
    places.push_back(
        fmt::format("{} and {}", number_label(bracket.low), number_label(bracket.high)));
  }
  if (places.empty()) return {};
  std::string text = places.front();
  for (std::size_t i = 1; i < places.size(); ++i) text += ", and between " + places[i];
  return fmt::format("Break-even: between {} = {}.", escape(panel.x_title), text);
}

Scale x_scale(const Panel& panel) {
  Range range(true);
  for (const double x : xs_of(panel)) range.add(x);
  const bool logarithmic = range.high() >= 6 * range.low();
  return padded(range, kArea.left, kArea.right, logarithmic, 0.06);
}

void draw_breaks(Svg& svg, const Scale& x, const std::vector<Bracket>& brackets) {
  for (const Bracket& bracket : brackets) {
    const double left = x.at(bracket.low);
    svg.rect({left, kArea.top}, x.at(bracket.high) - left, kArea.bottom - kArea.top, "even");
    svg.text({(left + x.at(bracket.high)) / 2, kArea.bottom - 5}, Anchor::kMiddle, "",
             "break-even");
  }
}

void draw_series(Svg& svg, const Panel& panel, const Series& series, int style, const Scale& x,
                 const Scale& y) {
  const bool bias = series.rows.front().record->problem.bias;
  const auto clamped = [&](double value) { return y.at(std::clamp(value, y.low(), y.high())); };
  std::vector<XY> path, low, high;
  for (const Row& row : series.rows) {
    const Ratio& ratio = *row.record->vs_dense;
    const double at = x.at(x_of(panel, *row.record));
    path.emplace_back(at, clamped(ratio.value));
    // What is not known is not drawn.
    const Interval ends =
        is_known(ratio.interval) ? ratio.interval : Interval{ratio.value, ratio.value};
    low.emplace_back(at, clamped(ends.low));
    high.emplace_back(at, clamped(ends.high));
  }
  std::vector<XY> band = high;
  band.insert(band.end(), low.rbegin(), low.rend());
  svg.begin(fmt::format("series {}{}", style_class(style), bias ? " bias" : ""));
  if (band.size() > 2) svg.polygon(band, "band");
  for (std::size_t i = 0; i < path.size(); ++i) svg.line(low[i], high[i], "bar");
  if (path.size() > 1) svg.polyline(path, "path");
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Verdict verdict = series.rows[i].record->vs_dense->verdict;
    const bool decided = verdict == Verdict::kWin || verdict == Verdict::kLoss;
    svg.mark(path[i], style, decided ? "" : "open", series.rows[i].index);
  }
  svg.end();
}

std::string picture(const Contents& contents, const Panel& panel, const Range& ratios) {
  const std::vector<Series> all = series_of(panel, is_compared);
  const Scale x = x_scale(panel);
  const Scale y = padded(ratios, kArea.bottom, kArea.top, true);
  const std::vector<Bracket> brackets = break_evens(panel);
  Svg svg(kWidth, kHeight,
          of_pattern("Speed-up of 2:4 over dense against ", panel.rows.front().record->pattern) +
              panel.x_title + ": " + panel.label);
  draw_breaks(svg, x, brackets);
  draw_y_axis(svg, kArea, y, ratio_ticks(y, 8, 13),
              [](double value) { return number_label(value) + "\xC3\x97"; });
  draw_x_axis(svg, kArea, x, spaced(x, xs_of(panel), 27), number_label);
  draw_titles(svg, kArea, panel.x_title + (x.logarithmic() ? " (log scale)" : ""),
              "speed-up over best dense");
  svg.line({kArea.left, y.at(1)}, {kArea.right, y.at(1)}, "one");
  std::vector<EndLabel> labels{{y.at(1), std::nullopt, "one", "dense = 1"}};
  for (const Series& series : all) {
    const Record& last = *series.rows.back().record;
    const int style = contents.styles.of(last);
    draw_series(svg, panel, series, style, x, y);
    labels.push_back(
        {y.at(last.vs_dense->value), style, last.problem.bias ? "open" : "", series.label});
  }
  draw_end_labels(svg, kArea, std::move(labels));
  return figure(panel.title, panel.subtitle, svg, note_of(panel, brackets));
}

}  // namespace

std::string speed_ups(const Contents& contents) {
  // One scale for all pictures, so that they compare.
  Range ratios(true);
  ratios.add(1);
  std::vector<const Panel*> panels;
  for (const Panel& panel : contents.panels) {
    const std::vector<Series> all = series_of(panel, is_compared);
    if (!all.empty()) panels.push_back(&panel);
    for (const Series& series : all) {
      for (const Row& row : series.rows) ratios.add(row.record->vs_dense->value);
    }
  }
  if (panels.empty()) return {};
  std::vector<std::string> pictures;
  for (const Panel* panel : panels) {
    if (pictures.size() == kMostPanels) break;
    pictures.push_back(picture(contents, *panel, ratios));
  }
  return "<p>Each line is a 2:4 kernel; above 1 it is faster than the fastest dense kernel of the "
         "same types. The band around a line is its 95 % interval; an open mark decides nothing "
         "(TIE or INCONCLUSIVE).</p>\n" +
         figures(pictures) + note_of_more(pictures.size(), panels.size(), "pictures");
}

}  // namespace twofour::report::html
