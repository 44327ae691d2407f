#include "report/html/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/escape.h"

namespace twofour::report::html {
namespace {

/// A tenth of a pixel is enough; "12", "12.5".
std::string px(double value) {
  if (!std::isfinite(value)) return "0";
  const double tenths = std::round(value * 10);
  std::string text = fmt::format("{:.1f}", tenths == 0 ? 0.0 : tenths / 10);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string points_attribute(std::span<const XY> points) {
  std::string text;
  for (const auto& [x, y] : points) {
    if (!text.empty()) text += ' ';
    text += px(x) + "," + px(y);
  }
  return text;
}

/// Multiples of a round step.
std::vector<double> linear_ticks(const Scale& scale, std::size_t most) {
  const double length = scale.high() - scale.low();
  const double rough = length / static_cast<double>(std::max<std::size_t>(most, 2) - 1);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> values;
  const double first = std::ceil(scale.low() / step);
  for (int i = 0; (first + i) * step <= scale.high(); ++i) values.push_back((first + i) * step);
  return values;
}

/// The numbers of a set in each decade: all of the finest set of which few enough are there.
std::vector<double> log_ticks(const Scale& scale, std::size_t most) {
  const std::vector<std::vector<double>> sets{
      {1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 9.5},
      {1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8},
      {1, 1.5, 2, 3, 5, 7},
      {1, 2, 5},
      {1, 3},
      {1}};
  std::vector<double> values;
  const auto first = static_cast<int>(std::floor(std::log10(scale.low())));
  const auto last = static_cast<int>(std::ceil(std::log10(scale.high())));
  for (const std::vector<double>& set : sets) {
    values.clear();
    for (int exponent = first; exponent <= last; ++exponent) {
      for (const double factor : set) {
        const double value = factor * std::pow(10.0, exponent);
        if (scale.holds(value)) values.push_back(value);
      }
    }
    if (values.size() <= most) return values;
  }
  std::vector<double> thinned;
  const std::size_t every = (values.size() + most - 1) / most;
  for (std::size_t i = 0; i < values.size(); i += every) thinned.push_back(values[i]);
  return thinned;
}

std::string row_attribute(std::optional<std::size_t> row) {
  return row ? fmt::format(" data-r=\"{}\"", *row) : std::string{};
}

}  // namespace

void Range::add(double value) {
  if (!std::isfinite(value) || (positive_ && value <= 0)) return;
  low_ = empty_ ? value : std::min(low_, value);
  high_ = empty_ ? value : std::max(high_, value);
  empty_ = false;
}

Scale::Scale(double low, double high, double from, double to, bool logarithmic)
    : low_(low), high_(high), from_(from), to_(to), logarithmic_(logarithmic) {}

double Scale::at(double value) const {
  const auto place = [&](double v) { return logarithmic_ ? std::log(v) : v; };
  return from_ + (to_ - from_) * (place(value) - place(low_)) / (place(high_) - place(low_));
}

Scale padded(const Range& range, double from, double to, bool logarithmic, double share) {
  const double low = range.empty() ? 1 : range.low();
  const double high = range.empty() ? 1 : range.high();
  if (logarithmic) {
    const double factor = high > low ? std::pow(high / low, share) : 1.5;
    return {low / factor, high * factor, from, to, true};
  }
  const double added = high > low ? (high - low) * share : std::max(1.0, std::abs(low) / 2);
  return {low - added, high + added, from, to, false};
}

std::vector<double> ticks(const Scale& scale, std::size_t most) {
  return scale.logarithmic() ? log_ticks(scale, most) : linear_ticks(scale, most);
}

std::vector<double> spaced(const Scale& scale, std::span<const double> values, double apart) {
  std::vector<double> kept;
  for (const double value : values) {
    if (kept.empty() || std::abs(scale.at(value) - scale.at(kept.back())) >= apart) {
      kept.push_back(value);
    }
  }
  return kept;
}

std::vector<double> ratio_ticks(const Scale& scale, std::size_t most, double apart) {
  std::vector<double> below{1};
  std::vector<double> above{1};
  for (const double value : ticks(scale, most)) (value < 1 ? below : above).push_back(value);
  std::sort(below.rbegin(), below.rend());
  std::vector<double> kept = spaced(scale, below, apart);
  std::reverse(kept.begin(), kept.end());
  const std::vector<double> rest = spaced(scale, above, apart);
  kept.insert(kept.end(), rest.begin() + 1, rest.end());
  return kept;
}

std::string time_label(double seconds) {
  constexpr std::array<std::pair<double, std::string_view>, 4> kUnits{
      {{1, "s"}, {1e-3, "ms"}, {1e-6, "\xC2\xB5s"}, {1e-9, "ns"}}};
  for (const auto& [size, unit] : kUnits) {
    if (seconds >= size * 0.9995 || size == kUnits.back().first) {
      return fmt::format("{} {}", number_label(seconds / size), unit);
    }
  }
  return {};
}

std::string number_label(double value) { return fmt::format("{:.6g}", value); }

std::string style_class(int style) {
  return fmt::format("s{}", style == kNeutral ? kNeutral : style % kStyles);
}

Svg::Svg(double width, double height, std::string_view label)
    : out_(fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", px(width),
                       px(height), shortened(label, 300))) {}

void Svg::line(XY a, XY b, std::string_view classes) {
  out_ += fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", classes,
                      px(a.first), px(a.second), px(b.first), px(b.second));
}

void Svg::polyline(std::span<const XY> points, std::string_view classes) {
  out_ +=
      fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", classes, points_attribute(points));
}

void Svg::polygon(std::span<const XY> points, std::string_view classes) {
  out_ += fmt::format("<polygon class=\"{}\" points=\"{}\"/>\n", classes, points_attribute(points));
}

void Svg::rect(XY corner, double width, double height, std::string_view classes) {
  out_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
                      classes, px(corner.first), px(corner.second), px(std::max(0.0, width)),
                      px(std::max(0.0, height)));
}

void Svg::text(XY at, Anchor anchor, std::string_view classes, std::string_view text) {
  constexpr std::size_t kMost = 60;
  constexpr std::array<std::string_view, 3> kAnchors{"", " text-anchor=\"middle\"",
                                                     " text-anchor=\"end\""};
  out_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\"{}>{}</text>\n", classes, px(at.first),
                      px(at.second), kAnchors[static_cast<std::size_t>(anchor)],
                      shortened(text, kMost));
}

double text_width(std::string_view text) {
  // Of 10.5 pixels, as page.css has it, in a wide face.
  constexpr double kNarrow = 4.1;
  constexpr double kMost = 6.7;
  constexpr std::string_view kNarrowOnes = " fijlrt.,:;|'()[]-";
  double width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;  // goes on with a character
    width += kNarrowOnes.find(c) == std::string_view::npos ? kMost : kNarrow;
  }
  return width;
}

void Svg::row_name(XY at, double room, std::string_view text) {
  if (text_width(text) <= room) return this->text(at, Anchor::kEnd, "name", text);
  constexpr std::size_t kLeast = 3;
  std::size_t most = text.size();
  std::string shown = without_middle(text, most);
  while (most > kLeast && text_width(shown) > room) shown = without_middle(text, --most);
  out_ += fmt::format(
      "<text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"end\"><title>{}</title>{}</text>\n",
      px(at.first), px(at.second), shortened(text, 1000), escape(shown));
}

void Svg::mark(XY at, int style, std::string_view classes, std::optional<std::size_t> row) {
  constexpr int kShapes = 6;  // those of page()
  const int shape = style == kNeutral ? 0 : style % kStyles % kShapes;
  out_ += fmt::format("<use href=\"#m{}\" class=\"m {}{}{}\" x=\"{}\" y=\"{}\"{}/>\n", shape,
                      style_class(style), classes.empty() ? "" : " ", classes, px(at.first),
                      px(at.second), row_attribute(row));
}

void Svg::begin(std::string_view classes, std::optional<std::size_t> row) {
  out_ += fmt::format("<g class=\"{}\"{}>\n", classes, row_attribute(row));
}

void Svg::end() { out_ += "</g>\n"; }

void draw_y_axis(Svg& svg, const Area& area, const Scale& y, std::span<const double> values,
                 std::string (*label)(double)) {
  for (const double value : values) {
    const double at = y.at(value);
    svg.line({area.left, at}, {area.right, at}, "grid");
    svg.text({area.left - 6, at + 3.5}, Anchor::kEnd, "tick", label(value));
  }
}

void draw_x_axis(Svg& svg, const Area& area, const Scale& x, std::span<const double> values,
                 std::string (*label)(double)) {
  svg.line({area.left, area.bottom}, {area.right, area.bottom}, "axis");
  for (const double value : values) {
    const double at = x.at(value);
    svg.line({at, area.bottom}, {at, area.bottom + 4}, "axis");
    svg.text({at, area.bottom + 15}, Anchor::kMiddle, "tick", label(value));
  }
}

void draw_titles(Svg& svg, const Area& area, std::string_view x_title, std::string_view y_title) {
  svg.text({(area.left + area.right) / 2, area.bottom + 29}, Anchor::kMiddle, "title", x_title);
  svg.text({2, area.top - 8}, Anchor::kStart, "title", y_title);
}

void draw_end_labels(Svg& svg, const Area& area, std::vector<EndLabel> labels) {
  constexpr double kApart = 12.5;
  std::stable_sort(labels.begin(), labels.end(),
                   [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
  double room = area.bottom - kApart * static_cast<double>(labels.size()) + kApart;
  double least = area.top + 3;
  std::vector<double> places;
  for (const EndLabel& label : labels) {
    places.push_back(std::max(std::min(label.y, std::max(room, least)), least));
    least = places.back() + kApart;
    room += kApart;
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].style) {
      svg.mark({area.right + 10, places[i]}, *labels[i].style, "key " + labels[i].classes,
               std::nullopt);
    } else {
      svg.line({area.right + 4, places[i]}, {area.right + 15, places[i]}, labels[i].classes);
    }
    svg.text({area.right + 18, places[i] + 3.5}, Anchor::kStart, "name", labels[i].text);
  }
}

std::string figure(std::string_view title, std::string_view subtitle, const Svg& svg,
                   std::string_view note) {
  std::string html = fmt::format("<figure>\n<figcaption><b>{}</b> <span>{}</span></figcaption>\n{}",
                                 title, subtitle, svg.html());
  if (!note.empty()) html += fmt::format("<p class=\"note\">{}</p>\n", note);
  return html + "</figure>\n";
}

std::string figures(std::span<const std::string> figures) {
  constexpr std::size_t kFew = 3;  // have room to be large
  std::string html =
      fmt::format("<div class=\"figures{}\">\n", figures.size() <= kFew ? " wide" : "");
  for (const std::string& one : figures) html += one;
  return html + "</div>\n";
}

}  // namespace twofour::report::html
