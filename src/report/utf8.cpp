#include "report/utf8.h"

namespace twofour::report {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {.code = lead};
  std::size_t bytes = 0;
  std::uint32_t lowest = 0;
  if ((lead & 0xE0U) == 0xC0U) bytes = 2, lowest = 0x80;
  if ((lead & 0xF0U) == 0xE0U) bytes = 3, lowest = 0x800;
  if ((lead & 0xF8U) == 0xF0U) bytes = 4, lowest = 0x10000;
  const Character broken{.code = lead, .valid = false};
  if (bytes == 0 || bytes > text.size()) return broken;
  std::uint32_t code = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!continues(text[i])) return broken;
    code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  if (code < lowest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return broken;
  return {.code = code, .bytes = bytes};
}

}  // namespace twofour::report
