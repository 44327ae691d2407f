// All measured rows under the ceilings of their device (Williams, Waterman and Patterson, CACM 52,
// 2009): a picture for each device and type of operands.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/html/svg.h"

namespace twofour::report::html {
namespace {

constexpr double kWidth = 460;
constexpr double kHeight = 300;
constexpr Area kArea{52, 24, 372, 258};

struct Place {
  Row row;
  double intensity = 0;  ///< dense-equivalent operations for each byte
  double rate = 0;       ///< dense-equivalent operations per second
};

/// Bytes that a launch must at least move: the weights as they are stored, A in, D out.
double bytes_moved(const GemmProblem& p) {
  const auto m = static_cast<double>(p.shape.m);
  const auto n = static_cast<double>(p.shape.n);
  const auto k = static_cast<double>(p.shape.k);
  return weight_bytes(p.shape, p.b, p.sparsity) +
         (m * k * info(p.a).bits + m * n * info(p.d).bits) / 8;
}

std::vector<Place> places_of(const Group& group, DataType type) {
  std::vector<Place> places;
  for (const Row& row : group.rows) {
    const Record& r = *row.record;
    if (!is_measured(r) || r.problem.a != type) continue;
    const double operations = dense_operations(r.problem.shape);
    const double per_second = gemms_per_launch(r) * operations / r.summary->median_s;
    places.push_back({row, operations / bytes_moved(r.problem), per_second});
  }
  return places;
}

std::string rate_label(double per_second) { return number_label(per_second / 1e12); }

struct Ceilings {
  double read = 0, dense = 0, sparse = 0;  ///< bytes/s, operations/s; 0: not known
};

Ceilings ceilings_of(const Group& group, DataType type) {
  const auto rate = [&](const std::map<DataType, double>& rates) {
    const auto found = rates.find(type);
    return found == rates.end() ? 0 : 2 * found->second;
  };
  return {group.roofs.read_bytes_per_s.value_or(0), rate(group.roofs.multiply_adds_per_s),
          rate(group.roofs.sparse_multiply_adds_per_s)};
}

/// The slope up to the flat ceiling, and that to the right end. Parts outside are not drawn.
void draw_ceilings(Svg& svg, const Ceilings& roofs, const Scale& x, const Scale& y) {
  const auto flat = [&](double rate, std::string_view classes, std::string_view what) {
    if (rate <= 0) return;
    const double from = roofs.read > 0 ? std::clamp(rate / roofs.read, x.low(), x.high()) : x.low();
    svg.line({x.at(from), y.at(rate)}, {kArea.right, y.at(rate)}, classes);
    svg.text({kArea.right + 6, y.at(rate) + 3.5}, Anchor::kStart, "name", what);
  };
  flat(roofs.dense, "limit", "dense limit");
  flat(roofs.sparse, "limit2", "2:4 limit");
  if (roofs.read <= 0) return;
  const double top = std::max({roofs.dense, roofs.sparse, 0.0});
  double end = x.high();
  if (top > 0) end = std::min(end, top / roofs.read);
  end = std::min(end, y.high() / roofs.read);
  const double begin = std::max(x.low(), y.low() / roofs.read);
  if (begin >= end) return;
  svg.line({x.at(begin), y.at(begin * roofs.read)}, {x.at(end), y.at(end * roofs.read)}, "limit");
  // Left of the slope nothing is, but there may be no room.
  const double middle = std::pow(begin, 0.4) * std::pow(end, 0.6);
  const bool has_room = x.at(middle) - kArea.left > 115;
  const XY at{has_room ? x.at(middle) - 12 : kArea.left + 4,
              has_room ? y.at(middle * roofs.read) - 4 : kArea.bottom - 6};
  svg.text(at, has_room ? Anchor::kEnd : Anchor::kStart, "name",
           fmt::format("memory, {} GB/s", number_label(std::round(roofs.read / 1e9))));
}

/// Providers of 2:4 rows, whose marks are filled, and of dense ones, whose marks are open.
std::vector<const Record*> keys_of(const Contents& contents, const std::vector<Place>& places,
                                   bool sparse) {
  std::vector<const Record*> keys;
  std::set<int> seen;
  for (const Place& place : places) {
    const Record& r = *place.row.record;
    if (is_sparse(r) == sparse && seen.insert(contents.styles.of(r)).second) keys.push_back(&r);
  }
  return keys;
}

/// At the right, below or above the labels of the ceilings.
void draw_key(Svg& svg, const Contents& contents, const std::vector<Place>& places,
              const Ceilings& roofs, const Scale& y) {
  constexpr double kLine = 14;
  const std::array<std::vector<const Record*>, 2> keys{keys_of(contents, places, true),
                                                       keys_of(contents, places, false)};
  const double height = kLine * static_cast<double>(keys[0].size() + keys[1].size() + 2) + 8;
  const auto covers = [&](double top, double rate) {
    return rate > 0 && y.at(rate) > top - 1.5 * kLine && y.at(rate) < top + height;
  };
  double at = kArea.top + 4;
  while (at + height < kArea.bottom && (covers(at, roofs.dense) || covers(at, roofs.sparse))) {
    at += 4;
  }
  for (const bool dense : {false, true}) {
    const auto& list = keys[dense ? 1 : 0];
    if (list.empty()) continue;
    svg.text({kArea.right + 6, at}, Anchor::kStart, "title", dense ? "dense" : "2:4");
    at += kLine;
    for (const Record* r : list) {
      svg.mark({kArea.right + 12, at - 3.5}, contents.styles.of(*r), dense ? "key open" : "key",
               std::nullopt);
      svg.text({kArea.right + 21, at}, Anchor::kStart, "name", r->provider);
      at += kLine;
    }
    at += 8;
  }
}

std::string picture(const Contents& contents, const Group& group, DataType type,
                    const std::vector<Place>& places) {
  const Ceilings roofs = ceilings_of(group, type);
  Range xs(true);
  Range ys(true);
  for (const Place& place : places) {
    xs.add(place.intensity);
    ys.add(place.rate);
  }
  ys.add(roofs.dense);
  ys.add(roofs.sparse);
  if (roofs.read > 0 && roofs.dense > 0) xs.add(roofs.dense / roofs.read);
  const Scale x = padded(xs, kArea.left, kArea.right, true);
  const Scale y = padded(ys, kArea.bottom, kArea.top, true);
  const std::string title = fmt::format("{} operands", info(type).cli_name);
  Svg svg(kWidth, kHeight, fmt::format("Roofline of {}: {}", group.name, title));
  draw_y_axis(svg, kArea, y, spaced(y, ticks(y, 8), 13), rate_label);
  draw_x_axis(svg, kArea, x, spaced(x, ticks(x, 8), 34), number_label);
  draw_titles(svg, kArea, "dense-equivalent operations for each byte moved (log scale)",
              "dense-equivalent TFLOP/s (log scale)");
  draw_ceilings(svg, roofs, x, y);
  for (const Place& place : places) {
    const Record& r = *place.row.record;
    svg.mark({x.at(place.intensity), y.at(place.rate)}, contents.styles.of(r),
             is_sparse(r) ? "small" : "small open", place.row.index);
  }
  draw_key(svg, contents, places, roofs, y);
  return figure(escape(title), name(group.name, 80), svg);
}

}  // namespace

std::string rooflines(const Contents& contents) {
  std::vector<std::string> pictures;
  for (const Group& group : contents.groups) {
    for (const DataTypeInfo& type : kDataTypes) {
      const std::vector<Place> places = places_of(group, type.type);
      if (!places.empty()) pictures.push_back(picture(contents, group, type.type, places));
    }
  }
  if (pictures.empty()) return {};
  return "<p>Every measured row under what its device can do. Left of the bend memory limits, "
         "right "
         "of it arithmetic; the nearer to the ceiling, the less is left to gain. A row above the "
         "slope did not read its weights from memory.</p>\n" +
         figures(pictures);
}

}  // namespace twofour::report::html
