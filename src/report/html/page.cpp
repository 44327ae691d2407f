#include "report/html/page.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "report/html/assets.h"
#include "report/html/escape.h"

namespace twofour::report::html {
namespace {

std::uint32_t digit(char hexadecimal) {
  return static_cast<std::uint32_t>(hexadecimal <= '9' ? hexadecimal - '0'
                                                       : hexadecimal - 'a' + 10);
}

/// Base64 (RFC 4648) of the 32 bytes that `hexadecimal` writes: three digits are two of base64.
std::string base64(std::string_view hexadecimal) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string digits(hexadecimal);
  digits += "00";  // 256 bits and 8: 44 digits, of which the last is padding
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 3) {
    const std::uint32_t bits =
        digit(digits[i]) << 8U | digit(digits[i + 1]) << 4U | digit(digits[i + 2]);
    out += kDigits[bits >> 6U];
    out += kDigits[bits & 63U];
  }
  out.back() = '=';
  return out;
}

/// The shapes of marks, drawn around (0, 0); Svg::mark() refers to them.
constexpr std::string_view kShapes = R"(<svg class="shapes" aria-hidden="true"><defs>
<circle id="m0" r="3.4"/>
<path id="m1" d="M0-4.4 4.2 3.2H-4.2Z"/>
<path id="m2" d="M-3.2-3.2H3.2V3.2H-3.2Z"/>
<path id="m3" d="M0-4.6 4.6 0 0 4.6-4.6 0Z"/>
<path id="m4" d="M0 4.4 4.2-3.2H-4.2Z"/>
<path id="m5" d="M-4-1.4H-1.4V-4H1.4V-1.4H4V1.4H1.4V4H-1.4V1.4H-4Z"/>
</defs></svg>
)";

std::string links(std::span<const Section> sections) {
  std::string items;
  for (const Section& section : sections) {
    if (section.body.empty()) continue;
    items += fmt::format("<a href=\"#{}\">{}</a>\n", escape(section.id), escape(section.title));
  }
  return "<nav aria-label=\"sections of this page\">\n" + items + "</nav>\n";
}

std::string section_html(const Section& section) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n"
      "{2}</section>\n",
      escape(section.id), escape(section.title), section.body);
}

}  // namespace

std::string content_security_policy() {
  return fmt::format(
      "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; "
      "form-action 'none'",
      base64(script().sha256), base64(style().sha256));
}

std::string page(std::string_view title, std::string_view subtitle,
                 std::span<const Section> sections) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"generator\" content=\"twofour\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}",
      content_security_policy(), shortened(title, 120), style().text, kShapes);
  html += fmt::format("<header>\n<h1>{}</h1>\n<p class=\"sub\">{}</p>\n{}</header>\n<main>\n",
                      name(title, 120), name(subtitle, 200), links(sections));
  for (const Section& section : sections) {
    if (!section.body.empty()) html += section_html(section);
  }
  html += fmt::format("</main>\n<footer>Made by twofour</footer>\n<script>{}</script>\n",
                      script().text);
  return html + "</body>\n</html>\n";
}

}  // namespace twofour::report::html
