#include "report/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "report/utf8.h"

namespace twofour::report {
namespace {

constexpr std::string_view kCut = "..";

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t kCount>
bool in(const std::array<Range, kCount>& ranges, std::uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return code >= range.first && code <= range.last; });
}

/// Of direction (Unicode Bidi_Control), of lines and paragraphs, and the byte order mark.
constexpr std::array kHidden{Range{0x061C, 0x061C}, Range{0x200E, 0x200F}, Range{0x2028, 0x202E},
                             Range{0x2066, 0x2069}, Range{0xFEFF, 0xFEFF}};
constexpr std::array kCombining{Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD},
                                Range{0x064B, 0x065F}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF},
                                Range{0x200B, 0x200D}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F},
                                Range{0xFE20, 0xFE2F}};
constexpr std::array kWide{
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
    Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
    Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF},
    Range{0x20000, 0x3FFFD}};

bool is_control(std::uint32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

std::size_t width_of(const Character& c) {
  if (!c.valid) return 1;
  if (in(kCombining, c.code)) return 0;
  return in(kWide, c.code) ? 2 : 1;
}

/// The longest beginning of `text` that fits, in bytes.
std::size_t fitting(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  std::size_t used = 0;
  while (end < text.size()) {
    const Character c = first_character(text.substr(end));
    if (used + width_of(c) > width) break;
    used += width_of(c);
    end += c.bytes;
  }
  return end;
}

/// The longest end of `text` that fits.
std::string_view fitting_end(std::string_view text, std::size_t width) {
  std::size_t total = display_width(text);
  std::size_t begin = 0;
  while (begin < text.size() && total > width) {
    const Character c = first_character(text.substr(begin));
    total -= width_of(c);
    begin += c.bytes;
  }
  // A mark that stood on what was cut would stand on the dots.
  while (begin < text.size()) {
    const Character c = first_character(text.substr(begin));
    if (width_of(c) > 0) break;
    begin += c.bytes;
  }
  return text.substr(begin);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const Character c = first_character(text);
    if (!c.valid) {
      line += fmt::format("\\x{:02x}", c.code);
    } else if (c.code == '\n' || c.code == '\r' || c.code == '\t') {
      line += ' ';
    } else if (is_control(c.code)) {
      line += fmt::format("\\x{:02x}", c.code);
    } else if (in(kHidden, c.code)) {
      line += fmt::format("\\u{:04x}", c.code);
    } else {
      line += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return line;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    width += width_of(c);
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string cut_middle(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width <= kCut.size()) return std::string(kCut.substr(0, width));
  const std::size_t left = width - kCut.size();
  const std::size_t head = (left * 3 + 4) / 5;
  std::string cut(text.substr(0, fitting(text, head)));
  cut += kCut;
  return cut.append(fitting_end(text, left - head));
}

std::string cut_end(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width <= kCut.size()) return std::string(kCut.substr(0, width));
  return std::string(text.substr(0, fitting(text, width - kCut.size()))) + std::string(kCut);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width > 0 && display_width(text) > width) {
    std::size_t end = std::max<std::size_t>(fitting(text, width), first_character(text).bytes);
    // The space behind the last word that fits, if there is one.
    const std::size_t space = text.rfind(' ', end);
    if (space != std::string_view::npos && space > 0) end = space;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

}  // namespace twofour::report
