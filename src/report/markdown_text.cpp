#include "report/markdown_text.h"

#include <algorithm>
#include <cstddef>

namespace twofour::report {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Whether the character at `i` can be left as it is though others of its kind are markup: "_"
/// between letters, "]" that no link follows. Tables stay readable as plain text so.
bool is_plain(std::string_view text, std::size_t i) {
  const char before = i == 0 ? ' ' : text[i - 1];
  const char after = i + 1 == text.size() ? ' ' : text[i + 1];
  if (text[i] == '_') return is_word(before) && is_word(after);
  if (text[i] == ']') return after != '(' && after != '[' && after != ':';
  if (text[i] == '~') return before != '~' && after != '~';
  return false;
}

}  // namespace

std::string markdown_text(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '_':
      case ']':
      case '~':
        if (!is_plain(text, i)) escaped += '\\';
        escaped += text[i];
        break;
      case '\\':
      case '`':
      case '*':
      case '|':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += text[i];
    }
  }
  return escaped;
}

std::string markdown_code(std::string_view lines) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : lines) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + "\n" + std::string(lines) + "\n" + fence + "\n";
}

std::string markdown_folded(std::string_view summary, std::string_view body) {
  while (body.ends_with('\n')) body.remove_suffix(1);
  return "<details>\n<summary>" + std::string(summary) + "</summary>\n\n" + std::string(body) +
         "\n\n</details>\n\n";
}

}  // namespace twofour::report
