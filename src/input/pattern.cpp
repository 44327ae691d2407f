#include "input/pattern.h"

namespace twofour::input {
namespace {

int lookaheads(const std::string& pattern) {
  int count = 0;
  for (std::size_t at = pattern.find("(?"); at != std::string::npos;
       at = pattern.find("(?", at + 2)) {
    const char kind = at + 2 < pattern.size() ? pattern[at + 2] : ' ';
    if (kind == '=' || kind == '!') ++count;
  }
  return count;
}

}  // namespace

std::regex compile_pattern(const std::string& pattern) {
  if (pattern.size() > kLongestPattern || lookaheads(pattern) > kMostLookaheads) {
    throw std::regex_error(std::regex_constants::error_complexity);
  }
  auto flags = std::regex_constants::ECMAScript;
#ifdef __GLIBCXX__
  // An extension of GCC's library; other libraries have none, and match as they do.
  flags |= std::regex_constants::__polynomial;
#endif
  return std::regex(pattern, flags);
}

}  // namespace twofour::input
