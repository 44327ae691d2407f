#include "report/html/escape.h"

#include <cstdint>
#include <optional>

namespace twofour::report::html {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

struct Character {
  std::string_view bytes;
  std::optional<std::uint32_t> code;  ///< nothing: `bytes` is one byte that is not UTF-8
};

struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t lowest;  ///< smaller codes have a shorter form, and no other is allowed
};

std::optional<Lead> lead_of(unsigned char byte) {
  if (byte < 0x80) return Lead{1, byte, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return Lead{2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return Lead{3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return Lead{4, byte & 0x07U, 0x10000};
  return std::nullopt;
}

/// The first character of `text`, which is not empty (RFC 3629).
Character first(std::string_view text) {
  const Character wrong{text.substr(0, 1), std::nullopt};
  const auto lead = lead_of(static_cast<unsigned char>(text[0]));
  if (!lead || text.size() < lead->length) return wrong;
  std::uint32_t code = lead->bits;
  for (std::size_t i = 1; i < lead->length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return wrong;
    code = code << 6U | (byte & 0x3FU);
  }
  if (code < lead->lowest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return wrong;
  return {text.substr(0, lead->length), code};
}

bool is_shown(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  if (code >= 0x7F && code <= 0x9F) return false;
  if (code >= 0x202A && code <= 0x202E) return false;
  return code < 0x2066 || code > 0x2069;
}

void append(std::string& out, const Character& character) {
  if (!character.code || !is_shown(*character.code)) {
    out += kReplacement;
    return;
  }
  switch (*character.code) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += character.bytes;
  }
}

/// Bytes of the first `most` characters.
std::size_t prefix(std::string_view text, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t count = 0; count < most && at < text.size(); ++count) {
    at += first(text.substr(at)).bytes.size();
  }
  return at;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first(text);
    append(out, character);
    text.remove_prefix(character.bytes.size());
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most || prefix(text, most) == text.size()) return escape(text);
  return escape(text.substr(0, prefix(text, most - 1))) += kEllipsis;
}

std::string name(std::string_view text, std::size_t most) {
  if (text.size() <= most || prefix(text, most) == text.size()) {
    return "<bdi>" + escape(text) + "</bdi>";
  }
  return "<bdi title=\"" + escape(text) + "\">" + shortened(text, most) + "</bdi>";
}

std::string_view short_model(std::string_view model) {
  const std::size_t slash = model.rfind('/');
  return slash == std::string_view::npos || slash + 1 == model.size() ? model
                                                                      : model.substr(slash + 1);
}

}  // namespace twofour::report::html
