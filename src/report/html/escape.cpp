#include "report/html/escape.h"

#include <cstdint>

#include "report/utf8.h"

namespace twofour::report::html {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

bool is_shown(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  if (code >= 0x7F && code <= 0x9F) return false;
  if (code >= 0x202A && code <= 0x202E) return false;
  return code < 0x2066 || code > 0x2069;
}

/// `bytes` are those of `character`.
void append(std::string& out, const Character& character, std::string_view bytes) {
  if (!character.valid || !is_shown(character.code)) {
    out += kReplacement;
    return;
  }
  switch (character.code) {
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
      out += bytes;
  }
}

/// Bytes of the first `most` characters.
std::size_t prefix(std::string_view text, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t count = 0; count < most && at < text.size(); ++count) {
    at += first_character(text.substr(at)).bytes;
  }
  return at;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    append(out, character, text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most || prefix(text, most) == text.size()) return escape(text);
  return escape(text.substr(0, prefix(text, most - 1))) += kEllipsis;
}

std::string without_middle(std::string_view text, std::size_t most) {
  std::size_t characters = 0;
  for (std::string_view rest = text; !rest.empty(); ++characters)
    rest.remove_prefix(prefix(rest, 1));
  if (characters <= most) return std::string(text);
  const std::size_t kept = most > 0 ? most - 1 : 0;
  const std::size_t tail = prefix(text, characters - kept / 2);
  return std::string(text.substr(0, prefix(text, kept - kept / 2))) + std::string(kEllipsis) +
         std::string(text.substr(tail));
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
