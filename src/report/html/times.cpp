// Time of a launch against M, with what no kernel can be faster than: reading the weights at the
// measured bandwidth, and multiplying at the measured or published rate.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/html/svg.h"
#include "report/pattern_text.h"

namespace twofour::report::html {
namespace {

constexpr double kWidth = 320;
constexpr double kHeight = 226;
constexpr Area kArea{44, 24, 236, 186};

double rate_of(const std::map<DataType, double>& rates, DataType type) {
  const auto found = rates.find(type);
  return found == rates.end() ? 0 : found->second;
}

/// Seconds that a launch takes at least; nothing where no ceiling is known. Weights that are hot
/// need not be read from memory. A pattern executes its share of the multiply-adds; the rate of 2:4
/// instructions counts both halves of what they stand for.
std::optional<double> least_time(const GemmProblem& p, Sparsity sparsity, bool hot,
                                 const Roofs& roofs) {
  const double multiply_adds = dense_operations(p.shape) / 2;
  const double dense_rate = rate_of(roofs.multiply_adds_per_s, p.a);
  const double sparse_rate = rate_of(roofs.sparse_multiply_adds_per_s, p.a);
  double rate = dense_rate;
  if (is_sparse(sparsity)) {
    rate = (sparse_rate > 0 ? sparse_rate / 2 : dense_rate) / kept_share(sparsity);
  }
  double least = rate > 0 ? multiply_adds / rate : 0;
  if (const double read = roofs.read_bytes_per_s.value_or(0); !hot && read > 0) {
    least = std::max(least, weight_bytes(p.shape, p.b, sparsity) / read);
  }
  return least > 0 && std::isfinite(least) ? std::optional(least) : std::nullopt;
}

/// The limit along x: between measured sizes the other dimensions are as measured, so that a line
/// is drawn from size to size, with more points in between where M alone moves.
std::vector<std::pair<double, double>> limit_of(const Panel& panel, Sparsity sparsity) {
  std::vector<std::pair<double, double>> points;
  const bool hot = panel.cache == CacheMode::kHot;
  const double gemms = gemms_per_launch(*panel.rows.front().record);
  const auto add = [&](const GemmProblem& p, double x) {
    if (const auto least = least_time(p, sparsity, hot, panel.group->roofs)) {
      points.emplace_back(x, gemms * *least);
    }
  };
  std::vector<const Record*> at_xs;
  for (const double x : xs_of(panel)) {
    const auto row = std::find_if(panel.rows.begin(), panel.rows.end(),
                                  [&](const Row& one) { return x_of(panel, *one.record) == x; });
    at_xs.push_back(row->record);
  }
  // A curve needs some points, a long sweep has them.
  const int pieces = std::max(1, 60 / static_cast<int>(at_xs.size() + 1));
  for (std::size_t i = 0; i < at_xs.size(); ++i) {
    add(at_xs[i]->problem, x_of(panel, *at_xs[i]));
    if (i + 1 == at_xs.size() || panel.x_title != "M") continue;
    GemmProblem between = at_xs[i]->problem;
    const double from = x_of(panel, *at_xs[i]);
    const double factor = x_of(panel, *at_xs[i + 1]) / from;
    for (int step = 1; step < pieces; ++step) {
      const double m = from * std::pow(factor, static_cast<double>(step) / pieces);
      between.shape.m = static_cast<std::int64_t>(std::llround(m));
      add(between, static_cast<double>(between.shape.m));
    }
  }
  return points;
}

bool dense_row(const Record& r) { return is_measured(r) && !is_sparse(r); }
bool sparse_row(const Record& r) { return is_measured(r) && is_sparse(r); }
bool any_row(const Record& r) { return is_measured(r); }

struct Scales {
  Scale x;
  Scale y;
};

std::vector<XY> placed(const Scales& scales, const std::vector<std::pair<double, double>>& points) {
  std::vector<XY> places;
  places.reserve(points.size());
  for (const auto& [x, y] : points) places.emplace_back(scales.x.at(x), scales.y.at(y));
  return places;
}

std::vector<std::pair<double, double>> medians(const Panel& panel, const std::vector<Row>& rows) {
  std::vector<std::pair<double, double>> points;
  points.reserve(rows.size());
  for (const Row& row : rows) {
    points.emplace_back(x_of(panel, *row.record), row.record->summary->median_s);
  }
  return points;
}

/// A limit as long as there is one size alone: a line across.
std::vector<XY> limit_line(const Scales& scales,
                           const std::vector<std::pair<double, double>>& limit) {
  std::vector<XY> line = placed(scales, limit);
  if (line.size() == 1) line = {{kArea.left, line[0].second}, {kArea.right, line[0].second}};
  return line;
}

void draw_limits(Svg& svg, const Scales& scales,
                 const std::vector<std::pair<double, double>>& dense,
                 const std::vector<std::pair<double, double>>& sparse, std::string sparse_name,
                 std::vector<EndLabel>& labels) {
  if (dense.empty() || sparse.empty()) return;
  std::vector<XY> region = limit_line(scales, sparse);
  svg.polyline(region, "limit2");
  labels.push_back({region.back().second, std::nullopt, "limit2", std::move(sparse_name)});
  region.emplace_back(region.back().first, kArea.bottom);
  region.emplace_back(region.front().first, kArea.bottom);
  svg.polygon(region, "floor");
  const std::vector<XY> line = limit_line(scales, dense);
  svg.polyline(line, "limit");
  labels.push_back({line.back().second, std::nullopt, "limit", "dense limit"});
}

std::string picture(const Contents& contents, const Panel& panel) {
  const Sparsity pattern = panel.rows.front().record->pattern;
  const auto dense_limit = limit_of(panel, Sparsity::kDense);
  const auto sparse_limit = limit_of(panel, pattern);
  Range xs(true);
  Range ys(true);
  for (const double x : xs_of(panel)) xs.add(x);
  for (const Series& series : series_of(panel, any_row)) {
    for (const Row& row : series.rows) ys.add(row.record->summary->median_s);
  }
  for (const auto& [x, least] : dense_limit) ys.add(least);
  for (const auto& [x, least] : sparse_limit) ys.add(least);
  const Scales scales{padded(xs, kArea.left, kArea.right, xs.high() >= 6 * xs.low(), 0.06),
                      padded(ys, kArea.bottom, kArea.top, true, 0.06)};

  Svg svg(kWidth, kHeight, "Time of a launch against " + panel.x_title + ": " + panel.label);
  draw_y_axis(svg, kArea, scales.y, spaced(scales.y, ticks(scales.y, 6), 13), time_label);
  draw_x_axis(svg, kArea, scales.x, spaced(scales.x, xs_of(panel), 27), number_label);
  draw_titles(svg, kArea, panel.x_title + (scales.x.logarithmic() ? " (log scale)" : ""),
              "median time of a launch (log scale)");
  std::vector<EndLabel> labels;
  draw_limits(svg, scales, dense_limit, sparse_limit, of_pattern("2:4 limit", pattern), labels);
  for (const bool sparse : {false, true}) {
    const std::vector<Row> best = fastest(panel, sparse ? sparse_row : dense_row);
    for (const Series& series : series_of(panel, sparse ? sparse_row : dense_row)) {
      svg.begin("series");
      for (const Row& row : series.rows) {
        const Record& r = *row.record;
        svg.mark({scales.x.at(x_of(panel, r)), scales.y.at(r.summary->median_s)},
                 sparse ? contents.styles.of(r) : kNeutral, sparse ? "small" : "small open",
                 row.index);
      }
      svg.end();
    }
    if (best.empty()) continue;
    const std::vector<XY> path = placed(scales, medians(panel, best));
    const int style = sparse ? contents.styles.of(*best.back().record) : kNeutral;
    if (path.size() > 1) svg.polyline(path, "path " + style_class(style));
    labels.push_back({path.back().second, style, sparse ? "" : "open",
                      sparse ? of_pattern("best 2:4", pattern) : "best dense"});
  }
  draw_end_labels(svg, kArea, std::move(labels));
  return figure(panel.title, panel.subtitle, svg);
}

}  // namespace

std::string times(const Contents& contents) {
  std::vector<std::string> pictures;
  for (const Panel& panel : contents.panels) {
    if (pictures.size() == kMostPanels) break;
    pictures.push_back(picture(contents, panel));
  }
  if (pictures.empty()) return {};
  return "<p>Marks are kernels, open ones dense; lines join the fastest of each kind. In the "
         "shaded "
         "part nothing can be: there the weights could not be read from memory at the measured "
         "bandwidth, or the products not be formed at the highest rate.</p>\n" +
         figures(pictures) + note_of_more(pictures.size(), contents.panels.size(), "pictures");
}

}  // namespace twofour::report::html
