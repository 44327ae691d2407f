#include "report/pattern_text.h"

#include <fmt/format.h>

namespace twofour::report {

std::string of_pattern(std::string_view words, Sparsity pattern) {
  const std::string_view usual = to_string(Sparsity::kTwoFour);
  std::string text(words);
  for (std::size_t at = text.find(usual); at != std::string::npos; at = text.find(usual, at + 1)) {
    text.replace(at, usual.size(), to_string(pattern));
  }
  return text;
}

std::string pattern_sentence(Sparsity pattern) {
  if (pattern != Sparsity::kSixEight) return {};
  return "6:8 runs as 2:4 over one and a half times the columns, so at most 1.33x by arithmetic, "
         "and 1.07x (8-bit) or 1.19x (16-bit) by weight bytes; on Hopper it mostly loses.";
}

std::string pattern_mark(Sparsity pattern) {
  return pattern == Sparsity::kTwoFour ? std::string() : fmt::format(" {}", to_string(pattern));
}

}  // namespace twofour::report
