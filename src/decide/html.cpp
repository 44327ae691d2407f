// The section of a page: for each layer the sizes at which 2:4 wins as bars, the totals as bars
// with their intervals, and both as tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "decide/formats.h"
#include "decide/words.h"
#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/groups.h"
#include "report/html/svg.h"
#include "report/pattern_text.h"
#include "report/results.h"

namespace twofour::decide {
namespace {

namespace html = report::html;
using html::Anchor;
using html::escape;
using html::Svg;

constexpr double kWidth = 338;
constexpr double kLabels = 124;
constexpr double kMostLabels = 180;
constexpr double kGap = 8;     // behind a label
constexpr double kMargin = 2;  // before it
/// Decisions on a page: each has two pictures and some tables.
constexpr std::size_t kMostDecisions = 30;
constexpr std::size_t kMostLayers = 60;

std::string list_of(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string text = "<ul>\n";
  for (const std::string& line : lines) text += "<li>" + html::name(line, 1200) + "</li>\n";
  return text + "</ul>\n";
}

std::string table_of(std::string_view caption, const report::Grid& grid) {
  if (grid.rows.empty()) return {};
  std::vector<std::string> headings;
  for (const report::Grid::Heading& heading : grid.headings) headings.push_back(heading.text);
  std::vector<std::vector<std::string>> rows;
  for (const report::Grid::Row& row : grid.rows) {
    std::vector<std::string>& cells = rows.emplace_back();
    for (const std::string& cell : row.cells) cells.push_back(html::name(cell, 200));
  }
  return html::plain_table(caption, headings, rows);
}

std::string_view class_of(State state) {
  switch (state) {
    case State::kWin:
      return "won";
    case State::kLoss:
      return "lost";
    case State::kUnclear:
    case State::kUnknown:
      break;
  }
  return "unsure";
}

/// The states are told apart by height as well as by colour.
double height_of(State state) {
  if (state == State::kWin) return 12;
  return state == State::kLoss ? 4 : 8;
}

void draw_ranges(Svg& svg, const html::Scale& x, double y, const BreakEven& found) {
  svg.line({x.at(static_cast<double>(found.grid.front())), y},
           {x.at(static_cast<double>(found.grid.back())), y}, "axis");
  for (const Range& range : found.ranges) {
    if (range.state == State::kUnknown) continue;
    constexpr double kLeast = 5;  // of a range of one size
    const double left = x.at(static_cast<double>(range.first));
    const double right = x.at(static_cast<double>(range.last));
    const double spare = std::max(0.0, kLeast - (right - left)) / 2;
    const double height = height_of(range.state);
    svg.rect({left - spare, y - height / 2}, right - left + 2 * spare, height,
             class_of(range.state));
  }
  for (const std::int64_t m : found.grid) {
    const double at = x.at(static_cast<double>(m));
    svg.line({at, y - 8}, {at, y - 5}, "one");
  }
}

/// One line where it fits, else name and size below one another; ends `at`.
void draw_title(Svg& svg, html::XY at, const Layer& layer) {
  const double room = at.first - kMargin;
  const std::string whole = title(layer);
  if (html::text_width(whole) <= room)
    return svg.row_name({at.first, at.second + 3.5}, room, whole);
  svg.row_name({at.first, at.second - 2.5}, room, layer.name);
  svg.row_name({at.first, at.second + 9}, room, whole.substr(layer.name.size() + 1));
}

std::string ranges_picture(const Decision& decision) {
  html::Range ms(true);
  std::vector<double> all;
  for (const LayerDecision& layer : decision.layers) {
    for (const std::int64_t m : layer.found.grid) {
      ms.add(static_cast<double>(m));
      all.push_back(static_cast<double>(m));
    }
  }
  if (ms.empty()) return {};
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  constexpr double kRow = 22;
  const std::size_t shown = std::min(decision.layers.size(), kMostLayers);
  double labels = kLabels;
  for (const LayerDecision& layer : std::span(decision.layers).first(shown)) {
    const double whole = html::text_width(title(layer.layer)) + kGap + kMargin;
    const double one = html::text_width(layer.layer.name) + kGap + kMargin;
    labels = std::max(labels, whole <= kMostLabels ? whole : std::min(one, kMostLabels));
  }
  const html::Area area{labels, 26, kWidth - 12, 30 + kRow * static_cast<double>(shown)};
  const auto named = [&](std::string_view words) {
    return report::of_pattern(words, decision.subject.pattern);
  };
  Svg svg(kWidth, area.bottom + 36, named("Sizes at which 2:4 wins, by layer"));
  const html::Scale x = html::padded(ms, area.left, area.right, true);
  html::draw_x_axis(svg, area, x, html::spaced(x, all, 27), html::number_label);
  html::draw_titles(svg, area, "M (log scale)", "");
  constexpr double kKey = 8;
  const auto key = [&](double left, State state, std::string_view text) {
    const double height = height_of(state);
    svg.rect({left, kKey - height / 2}, 16, height, class_of(state));
    svg.text({left + 21, kKey + 3.5}, Anchor::kStart, "", text);
  };
  key(kLabels - 60, State::kWin, named("2:4 wins"));
  key(kLabels + 25, State::kUnclear, "unclear");
  key(kLabels + 105, State::kLoss, named("2:4 loses"));
  double y = area.top + kRow / 2;
  for (std::size_t i = 0; i < shown; ++i) {
    const LayerDecision& layer = decision.layers[i];
    draw_title(svg, {area.left - kGap, y}, layer.layer);
    draw_ranges(svg, x, y, layer.found);
    y += kRow;
  }
  return html::figure(named("Where 2:4 wins"), escape("each layer; short lines are measured sizes"),
                      svg, html::note_of_more(shown, decision.layers.size(), "layers"));
}

/// A bar of a time as a share of dense everywhere.
struct Bar {
  std::string_view classes;
  Estimate share;
};

Estimate inverse(const Estimate& ratio) {
  Estimate share{1 / ratio.value, std::nullopt};
  if (ratio.interval) share.interval = Interval{1 / ratio.interval->high, 1 / ratio.interval->low};
  return share;
}

std::vector<Bar> bars_of(const Totals& totals) {
  std::vector<Bar> bars;
  Estimate dense{1, std::nullopt};
  if (totals.dense.seconds.interval) {
    const double middle = totals.dense.seconds.value;
    dense.interval = Interval{totals.dense.seconds.interval->low / middle,
                              totals.dense.seconds.interval->high / middle};
  }
  bars.push_back({"densely", dense});
  if (totals.sparse_speed_up) bars.push_back({"all-sparse", inverse(*totals.sparse_speed_up)});
  if (totals.speed_up) bars.push_back({"won", inverse(*totals.speed_up)});
  return bars;
}

void draw_bar(Svg& svg, const html::Scale& x, double y, const Bar& bar) {
  constexpr double kHeight = 7;
  svg.rect({x.at(0), y - kHeight / 2}, x.at(bar.share.value) - x.at(0), kHeight, bar.classes);
  if (!bar.share.interval) return;
  const double low = x.at(bar.share.interval->low);
  const double high = x.at(bar.share.interval->high);
  svg.line({low, y}, {high, y}, "one");
  for (const double end : {low, high}) svg.line({end, y - 3}, {end, y + 3}, "one");
}

std::string share_label(double share) { return fmt::format("{:.0f}%", 100 * share); }

std::string totals_picture(const Decision& decision) {
  std::vector<const PassDecision*> passes = passes_of(decision);
  std::erase_if(passes, [](const PassDecision* pass) { return !pass->totals.dense.known(); });
  if (passes.empty()) return {};
  double most = 1;
  for (const PassDecision* pass : passes) {
    for (const Bar& bar : bars_of(pass->totals)) {
      most = std::max(most, bar.share.interval ? bar.share.interval->high : bar.share.value);
    }
  }
  constexpr double kRow = 9;
  constexpr double kGroup = 3 * kRow + 9;
  const html::Area area{kLabels, 28, kWidth - 14, 30 + kGroup * static_cast<double>(passes.size())};
  Svg svg(kWidth, area.bottom + 36, "Time in linear layers of a forward pass, as a share of dense");
  const html::Scale x(0, 1.05 * most, area.left, area.right, false);
  constexpr std::size_t kMostTicks = 5;
  html::draw_x_axis(svg, area, x, html::ticks(x, kMostTicks), share_label);
  html::draw_titles(svg, area, "of the time with dense everywhere", "");
  svg.line({x.at(1), area.top}, {x.at(1), area.bottom}, "one");
  constexpr double kKey = 8;
  const auto key = [&](double left, std::string_view classes, std::string_view text) {
    svg.rect({left, kKey - 3.5}, 14, 7, classes);
    svg.text({left + 19, kKey + 3.5}, Anchor::kStart, "", text);
  };
  key(4, "densely", "dense");
  key(66, "all-sparse", report::of_pattern("2:4 everywhere", decision.subject.pattern));
  key(178, "won", report::of_pattern("2:4 where it wins", decision.subject.pattern));
  double y = area.top + kRow / 2 + 3;
  for (const PassDecision* pass : passes) {
    const bool mix = !pass->mix.front().name.empty();
    svg.text({area.left - 8, y + 3.5}, Anchor::kEnd, "name",
             mix ? std::string("the mix")
                 : pass_name(*pass) + (pass->mix.front().tokens == 1 ? " token" : " tokens"));
    svg.text({area.left - 8, y + kRow + 6.5}, Anchor::kEnd, "",
             time_text(pass->totals.dense.seconds.value));
    double line = y;
    for (const Bar& bar : bars_of(pass->totals)) {
      draw_bar(svg, x, line, bar);
      line += kRow;
    }
    y += kGroup;
  }
  return html::figure("Time in linear layers",
                      escape("of a forward pass, with 95 % intervals; at the left that of dense"),
                      svg);
}

std::string block(const Decision& decision, const Question& question) {
  std::string text = "<h3>" + html::name(title(decision.subject), 160) + "</h3>\n";
  text += list_of(advice(decision));
  std::vector<std::string> pictures;
  for (std::string picture : {ranges_picture(decision), totals_picture(decision)}) {
    if (!picture.empty()) pictures.push_back(std::move(picture));
  }
  text += html::figures(pictures);
  text += table_of("By layer", ranges_grid(decision));
  text += table_of("Time in linear layers of a forward pass", totals_grid(decision));
  text += table_of("Energy in linear layers of a forward pass", energy_grid(decision));
  text += list_of(cautions(decision));
  std::string more = table_of("A whole forward pass, of which linear layers are the share S",
                              end_to_end_grid(decision, question));
  more += table_of("Memory", weights_grid(decision));
  more +=
      table_of(report::of_pattern("What 2:4 costs before the first call", decision.subject.pattern),
               costs_grid(decision));
  more += list_of(deciders(decision)) + list_of(not_known(decision, question));
  return text +
         "<details>\n<summary>The whole forward pass, memory, cost, and what is not "
         "known</summary>\n" +
         more + "</details>\n";
}

}  // namespace

std::string html_section(std::span<const report::Run> runs, const Question& question) {
  return html_section(report::join(runs), question);
}

std::string html_section(const report::Results& results, const Question& question) {
  std::string text;
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const report::DeviceResults& device : results.devices) {
    for (const report::Sweep& sweep : device.sweeps) {
      for (const Decision& decision : decisions(sweep.records, question)) {
        ++all;
        if (shown == kMostDecisions) continue;
        ++shown;
        text += block(decision, question);
      }
    }
  }
  if (text.empty()) return text;
  return "<div class=\"decision\">\n" + text + "</div>\n" +
         html::note_of_more(shown, all, "decisions");
}

}  // namespace twofour::decide
