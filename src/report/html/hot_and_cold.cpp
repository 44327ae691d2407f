// The speed-up with weights out of cache beside that with weights where the last launch left them,
// where both were measured.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/html/svg.h"

namespace twofour::report::html {
namespace {

constexpr double kWidth = 320;
constexpr double kRowHeight = 16;
constexpr double kTop = 14;
constexpr std::size_t kMostPairs = 60;  // of a picture

struct Pair {
  Row cold;
  Row hot;
  std::string label;
};

std::vector<Pair> pairs_of(const Panel& panel) {
  if (panel.cache == CacheMode::kHot) return {};
  const auto key_of = [](const Record& r) {
    return std::tuple(r.case_index, r.kernel, to_string(r.problem));
  };
  std::map<decltype(key_of(Record{})), const Row*> hot_rows;
  for (const Row& row : panel.rows) {
    if (is_hot(*row.record) && is_compared(*row.record)) {
      hot_rows.try_emplace(key_of(*row.record), &row);
    }
  }
  std::vector<Pair> pairs;
  for (const Series& series : series_of(panel, is_compared)) {
    for (const Row& cold : series.rows) {
      const auto hot = hot_rows.find(key_of(*cold.record));
      if (hot != hot_rows.end()) pairs.push_back({cold, *hot->second, series.label});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
    return x_of(panel, *a.cold.record) < x_of(panel, *b.cold.record);
  });
  return pairs;
}

std::string picture(const Contents& contents, const Panel& panel, std::span<const Pair> pairs,
                    const Range& ratios) {
  const Area area{112, kTop, 308, kTop + kRowHeight * static_cast<double>(pairs.size())};
  const Scale x = padded(ratios, area.left, area.right, true);
  Svg svg(kWidth, area.bottom + 36, "Speed-up cold and hot: " + panel.label);
  const std::vector<double> values = ratio_ticks(x, 7, 32);
  for (const double value : values) {
    svg.line({x.at(value), area.top}, {x.at(value), area.bottom}, "grid");
  }
  svg.line({x.at(1), area.top}, {x.at(1), area.bottom}, "one");
  draw_x_axis(svg, area, x, values, [](double value) { return number_label(value) + "\xC3\x97"; });
  svg.text({(area.left + area.right) / 2, area.bottom + 29}, Anchor::kMiddle, "title",
           "speed-up over best dense");
  svg.text({2, kTop - 4}, Anchor::kStart, "title", panel.x_title);
  double last = -1;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Pair& pair = pairs[i];
    const double middle = kTop + kRowHeight * (static_cast<double>(i) + 0.5);
    const double cold = x.at(pair.cold.record->vs_dense->value);
    const double hot = x.at(pair.hot.record->vs_dense->value);
    const int style = contents.styles.of(*pair.cold.record);
    if (x_of(panel, *pair.cold.record) != last) {
      last = x_of(panel, *pair.cold.record);
      svg.text({2, middle + 3.5}, Anchor::kStart, "name", number_label(last));
    }
    svg.row_name({area.left - 8, middle + 3.5}, area.left - 10, pair.label);
    svg.begin(style_class(style));
    svg.line({cold, middle}, {hot, middle}, "bar");
    svg.end();
    svg.mark({cold, middle}, style, "", pair.cold.index);
    svg.mark({hot, middle}, style, "open", pair.hot.index);
  }
  return figure(panel.title, panel.subtitle, svg);
}

}  // namespace

std::string hot_and_cold(const Contents& contents) {
  std::vector<std::pair<const Panel*, std::vector<Pair>>> found;
  Range ratios(true);
  ratios.add(1);
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const Panel& panel : contents.panels) {
    std::vector<Pair> pairs = pairs_of(panel);
    if (pairs.empty()) continue;
    all += pairs.size();
    if (found.size() == kMostPanels) continue;
    if (pairs.size() > kMostPairs) pairs.erase(pairs.begin() + kMostPairs, pairs.end());
    shown += pairs.size();
    for (const Pair& pair : pairs) {
      ratios.add(pair.cold.record->vs_dense->value);
      ratios.add(pair.hot.record->vs_dense->value);
    }
    found.emplace_back(&panel, std::move(pairs));
  }
  if (found.empty()) return {};
  std::vector<std::string> pictures;
  pictures.reserve(found.size());
  for (const auto& [panel, pairs] : found) {
    pictures.push_back(picture(contents, *panel, pairs, ratios));
  }
  return "<p>A filled mark is the speed-up with the weights out of cache when a kernel starts, as "
         "in "
         "a model of many layers; the open mark that with the weights where the last launch left "
         "them. Where only the 2:4 weights fit in the cache, the open mark tells of the "
         "cache.</p>\n" +
         figures(pictures) + note_of_more(shown, all, "pairs");
}

}  // namespace twofour::report::html
