// Pictures as SVG: scales, ticks, axes, marks. Nothing here has a style: page.css gives classes
// their looks.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twofour::report::html {

/// A range of values that grows. Those that are not finite are passed over, as are those that are
/// not above zero where `positive`.
class Range {
 public:
  explicit Range(bool positive) : positive_(positive) {}
  void add(double value);
  [[nodiscard]] bool empty() const { return empty_; }
  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }

 private:
  bool positive_;
  bool empty_ = true;
  double low_ = 0;
  double high_ = 0;
};

/// Takes values from [low, high] to [from, to], of which `from` may be the larger. On a logarithmic
/// scale all values are above zero.
class Scale {
 public:
  Scale(double low, double high, double from, double to, bool logarithmic);
  [[nodiscard]] double at(double value) const;
  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }
  [[nodiscard]] bool logarithmic() const { return logarithmic_; }
  [[nodiscard]] bool holds(double value) const { return value >= low_ && value <= high_; }

 private:
  double low_, high_, from_, to_;
  bool logarithmic_;
};

/// `range` with `share` of its length (of its logarithm) added at both ends; of one value, with
/// something around it.
Scale padded(const Range& range, double from, double to, bool logarithmic, double share = 0.05);

/// Round numbers on the scale, at most `most`.
std::vector<double> ticks(const Scale& scale, std::size_t most);

/// Those of the values, ascending, whose labels have room: neighbours are `apart` pixels apart.
std::vector<double> spaced(const Scale& scale, std::span<const double> values, double apart);

/// Round numbers of a scale of ratios, ascending, `apart` pixels apart; 1 is always one of them.
std::vector<double> ratio_ticks(const Scale& scale, std::size_t most, double apart);

/// "5 us", "1.5 ms", with the micro sign.
std::string time_label(double seconds);
/// "0.5", "1", "1.25", "2000": without zeros at the end.
std::string number_label(double value);

enum class Anchor { kStart, kMiddle, kEnd };

/// The plotting area in pixels of the picture.
struct Area {
  double left = 0, top = 0, right = 0, bottom = 0;
};

using XY = std::pair<double, double>;

/// How many different looks providers have; those beyond begin anew.
inline constexpr int kStyles = 7;
/// The look of what is no provider's: grey.
inline constexpr int kNeutral = kStyles;

/// How a series looks: "s3", whose colour page.css gives. `style` is kNeutral or from 0.
std::string style_class(int style);

/// About how wide a text in a picture is, in pixels.
double text_width(std::string_view text);

class Svg {
 public:
  /// `label` tells a reader who does not see it what the picture shows; a text.
  Svg(double width, double height, std::string_view label);

  /// `classes` are names in page.css.
  void line(XY a, XY b, std::string_view classes);
  void polyline(std::span<const XY> points, std::string_view classes);
  void polygon(std::span<const XY> points, std::string_view classes);
  void rect(XY corner, double width, double height, std::string_view classes);
  /// `text` is escaped, and shortened where it is long.
  void text(XY at, Anchor anchor, std::string_view classes, std::string_view text);
  /// The name of a row, which ends at `at` and has `room` pixels: of a longer one the middle is
  /// left out, and a title has the whole.
  void row_name(XY at, double room, std::string_view text);
  /// The mark of a series, of the table's row `row` where there is one.
  void mark(XY at, int style, std::string_view classes, std::optional<std::size_t> row);
  /// A group of what follows up to end(); of a row of the table where there is one.
  void begin(std::string_view classes, std::optional<std::size_t> row = std::nullopt);
  void end();

  [[nodiscard]] std::string html() const { return out_ + "</svg>\n"; }

 private:
  std::string out_;
};

/// Lines across, with labels at the left; `label` makes the text of a value.
void draw_y_axis(Svg& svg, const Area& area, const Scale& y, std::span<const double> values,
                 std::string (*label)(double));
/// Short lines below, with labels.
void draw_x_axis(Svg& svg, const Area& area, const Scale& x, std::span<const double> values,
                 std::string (*label)(double));
/// The titles of both: below at the right, above at the left.
void draw_titles(Svg& svg, const Area& area, std::string_view x_title, std::string_view y_title);

/// A label of a line at the right of the area, with its mark, or with a piece of it where it has no
/// marks.
struct EndLabel {
  double y = 0;
  std::optional<int> style;  ///< of the mark
  std::string classes;       ///< of the mark, or of the line
  std::string text;
};
/// Moves them apart where they would cover one another.
void draw_end_labels(Svg& svg, const Area& area, std::vector<EndLabel> labels);

/// A picture with its heading: title and subtitle are HTML, as is the note below, which may be
/// empty.
std::string figure(std::string_view title, std::string_view subtitle, const Svg& svg,
                   std::string_view note = {});
/// Pictures beside one another, as many as fit.
std::string figures(std::span<const std::string> figures);

}  // namespace twofour::report::html
