// The ratios of single rounds, as quantiles: how far a speed-up spreads. Entry i of the samples of
// every row of a case is of round i (core/summary.h), and a ratio of the same round is what the
// verdicts are made of, so the strips are of those.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/html/svg.h"
#include "report/pattern_text.h"

namespace twofour::report::html {
namespace {

constexpr double kWidth = 320;
constexpr double kRowHeight = 15;
constexpr double kTop = 14;
constexpr std::size_t kMostStrips = 60;  // of a picture

/// Of ratios of one row. The ends hold nine of ten rounds, the box half of them.
struct Strip {
  Row row;
  std::string label;
  double low = 0, lower = 0, median = 0, upper = 0, high = 0;
  std::size_t rounds = 0;
};

/// The dense row of the same case, problem and cache state that the ratio divides by.
using Baselines = std::map<std::string, const Record*>;

std::string problem_key(const Record& r, std::string_view kernel) {
  return fmt::format("{} {} {} {} {} {} {} {}", to_string(r.mode), info(r.dtype).cli_name,
                     to_string(r.pattern), r.case_index, to_string(r.cache.mode),
                     to_string(r.problem.scales), r.problem.bias, kernel);
}

Baselines baselines_of(const Group& group) {
  Baselines baselines;
  for (const Row& row : group.rows) {
    if (row.record->samples && !is_sparse(*row.record)) {
      baselines[problem_key(*row.record, row.record->kernel)] = row.record;
    }
  }
  return baselines;
}

std::vector<double> sorted_ratios(const Record& dense, const Record& sparse) {
  const std::vector<double>& a = dense.samples->device_s;
  const std::vector<double>& b = sparse.samples->device_s;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double ratio = a[i] / b[i];
    if (std::isfinite(ratio) && ratio > 0) ratios.push_back(ratio);
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

/// Between the two nearest values (type 7 of Hyndman and Fan, The American Statistician 50, 1996).
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::vector<Strip> strips_of(const Panel& panel, const Baselines& baselines) {
  std::vector<Strip> strips;
  for (const Series& series : series_of(panel, is_compared)) {
    for (const Row& row : series.rows) {
      const Record& r = *row.record;
      const auto dense = baselines.find(problem_key(r, r.baseline));
      if (!r.samples || dense == baselines.end()) continue;
      const std::vector<double> ratios = sorted_ratios(*dense->second, r);
      if (ratios.empty()) continue;
      strips.push_back({row, series.label, quantile(ratios, 0.05), quantile(ratios, 0.25),
                        quantile(ratios, 0.5), quantile(ratios, 0.75), quantile(ratios, 0.95),
                        ratios.size()});
    }
  }
  std::stable_sort(strips.begin(), strips.end(), [&](const Strip& a, const Strip& b) {
    return x_of(panel, *a.row.record) < x_of(panel, *b.row.record);
  });
  return strips;
}

void draw_strip(Svg& svg, const Strip& strip, double middle, const Area& area, const Scale& x,
                int style) {
  const auto at = [&](double value) { return x.at(std::clamp(value, x.low(), x.high())); };
  svg.begin(style_class(style), strip.row.index);
  svg.row_name({area.left - 8, middle + 3.5}, area.left - 10, strip.label);
  svg.line({at(strip.low), middle}, {at(strip.high), middle}, "bar");
  svg.rect({at(strip.lower), middle - 3.5}, std::max(1.0, at(strip.upper) - at(strip.lower)), 7,
           "box");
  svg.line({at(strip.median), middle - 5}, {at(strip.median), middle + 5}, "median");
  svg.text({kWidth - 1, middle + 3.5}, Anchor::kEnd, "", fmt::format("{}", strip.rounds));
  svg.end();
}

std::string picture(const Contents& contents, const Panel& panel, std::span<const Strip> strips) {
  Range ratios(true);
  ratios.add(1);
  for (const Strip& strip : strips) {
    ratios.add(strip.low);
    ratios.add(strip.high);
  }
  const double height = kRowHeight * static_cast<double>(strips.size());
  const Area area{106, kTop, 290, kTop + height};
  const Scale x = padded(ratios, area.left, area.right, true);
  Svg svg(kWidth, area.bottom + 36, "Ratios of single rounds: " + panel.label);
  for (const double value : ratio_ticks(x, 7, 32)) {
    svg.line({x.at(value), area.top}, {x.at(value), area.bottom}, "grid");
  }
  svg.line({x.at(1), area.top}, {x.at(1), area.bottom}, "one");
  draw_x_axis(svg, area, x, ratio_ticks(x, 7, 32),
              [](double value) { return number_label(value) + "\xC3\x97"; });
  svg.text({(area.left + area.right) / 2, area.bottom + 29}, Anchor::kMiddle, "title",
           of_pattern("dense time / 2:4 time of a round", panel.rows.front().record->pattern));
  svg.text({2, kTop - 4}, Anchor::kStart, "title", panel.x_title);
  svg.text({kWidth - 1, kTop - 4}, Anchor::kEnd, "title", "rounds");
  double last = -1;
  for (std::size_t i = 0; i < strips.size(); ++i) {
    const Record& r = *strips[i].row.record;
    const double middle = kTop + kRowHeight * (static_cast<double>(i) + 0.5);
    if (x_of(panel, r) != last) {
      last = x_of(panel, r);
      if (i > 0) svg.line({0, middle - kRowHeight / 2}, {kWidth, middle - kRowHeight / 2}, "grid");
      svg.text({2, middle + 3.5}, Anchor::kStart, "name", number_label(last));
    }
    draw_strip(svg, strips[i], middle, area, x, contents.styles.of(r));
  }
  return figure(panel.title, panel.subtitle, svg);
}

}  // namespace

std::string strips(const Contents& contents) {
  std::map<const Group*, Baselines> baselines;
  for (const Group& group : contents.groups) baselines[&group] = baselines_of(group);
  std::vector<std::pair<const Panel*, std::vector<Strip>>> found;
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const Panel& panel : contents.panels) {
    std::vector<Strip> of_panel = strips_of(panel, baselines[panel.group]);
    if (of_panel.empty()) continue;
    all += of_panel.size();
    if (found.size() == kMostPanels) continue;
    if (of_panel.size() > kMostStrips) {
      of_panel.erase(of_panel.begin() + kMostStrips, of_panel.end());
    }
    shown += of_panel.size();
    found.emplace_back(&panel, std::move(of_panel));
  }
  if (found.empty()) return {};
  std::vector<std::string> pictures;
  pictures.reserve(found.size());
  for (const auto& [panel, of_panel] : found) {
    pictures.push_back(picture(contents, *panel, of_panel));
  }
  return "<p>How far the ratio spreads from round to round. The line holds nine rounds of ten, the "
         "box the middle half, the bar is the median. These are quantiles; the samples themselves "
         "are in the .jsonl.</p>\n" +
         figures(pictures) + note_of_more(shown, all, "strips");
}

}  // namespace twofour::report::html
