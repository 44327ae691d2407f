#include "decide/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace twofour::decide {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 28;
/// What decimals like 0.33 and 0.67 may miss.
constexpr double kSumSlack = 1e-6;

template <class Number>
bool read(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

[[noreturn]] void reject(std::string_view item) {
  throw std::invalid_argument(fmt::format("'{}' is not {}", item, kTrafficAllowed));
}

TrafficClass parse_class(std::string_view item) {
  const std::size_t colon = item.rfind(':');
  if (colon == std::string_view::npos || colon == 0) reject(item);
  const std::string_view size = item.substr(colon + 1);
  const std::size_t times = size.find('x');
  if (times == std::string_view::npos) reject(item);
  TrafficClass read_class{.name = std::string(item.substr(0, colon))};
  if (!read(size.substr(0, times), read_class.tokens) || read_class.tokens < 1 ||
      read_class.tokens > kMostTokens) {
    reject(item);
  }
  const bool number = read(size.substr(times + 1), read_class.share);
  if (!number || !(read_class.share > 0 && read_class.share <= 1)) reject(item);
  return read_class;
}

}  // namespace

std::vector<TrafficClass> parse_traffic(std::string_view text) {
  std::vector<TrafficClass> classes;
  double sum = 0;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    TrafficClass one = parse_class(rest.substr(0, comma));
    for (const TrafficClass& other : classes) {
      if (other.name == one.name) {
        throw std::invalid_argument(fmt::format("'{}' is given twice", one.name));
      }
    }
    sum += one.share;
    classes.push_back(std::move(one));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (std::abs(sum - 1) > kSumSlack) {
    throw std::invalid_argument(
        fmt::format("'{}' has shares that sum to {:.6g}; they must sum to 1", text, sum));
  }
  return classes;
}

}  // namespace twofour::decide
