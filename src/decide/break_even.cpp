#include "decide/break_even.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace twofour::decide {
namespace {

constexpr std::int64_t kEveryMUpTo = 16;
constexpr std::int64_t kStep = 8;

bool decided(State state) { return state == State::kWin || state == State::kLoss; }

std::string range_text(const Range& range) {
  return range.first == range.last ? fmt::format("{}", range.first)
                                   : fmt::format("{} to {}", range.first, range.last);
}

/// About the geometric mean, strictly between; nothing where no sensible M lies there.
std::optional<std::int64_t> between(std::int64_t low, std::int64_t high) {
  const double mean = std::sqrt(static_cast<double>(low) * static_cast<double>(high));
  const std::int64_t nearest = std::llround(mean);
  if (nearest <= kEveryMUpTo) {
    const std::int64_t m = std::clamp(nearest, low + 1, std::max(low + 1, high - 1));
    return m < high ? std::optional(m) : std::nullopt;
  }
  // The multiples strictly between, of which the nearest is taken.
  const std::int64_t first = (low / kStep + 1) * kStep;
  const std::int64_t last = (high - 1) / kStep * kStep;
  if (first > last) return std::nullopt;
  return std::clamp((nearest + kStep / 2) / kStep * kStep, first, last);
}

/// "from M = 1 to 190 and from 640 to 4096"
std::string places(const BreakEven& found, State state) {
  std::string text;
  for (const Range& range : found.ranges) {
    if (range.state != state) continue;
    const bool first = text.empty();
    if (!first) text += " and ";
    const std::string_view m = first ? "M = " : "";
    text += range.first == range.last ? fmt::format("at {}{}", m, range.first)
                                      : fmt::format("from {}{} to {}", m, range.first, range.last);
  }
  return text;
}

}  // namespace

std::vector<Finding> findings(std::span<const Point> points) {
  std::vector<Finding> found;
  for (const Point& point : points) {
    if (found.empty() || found.back().m != point.m) {
      found.push_back({point.m, point.state});
      continue;
    }
    State& state = found.back().state;
    if (state == State::kUnknown) {
      state = point.state;
    } else if (point.state != State::kUnknown && point.state != state) {
      state = State::kUnclear;
    }
  }
  return found;
}

BreakEven break_even(std::span<const Finding> findings) {
  BreakEven found;
  const Finding* last_decided = nullptr;
  for (const Finding& finding : findings) {
    found.grid.push_back(finding.m);
    if (found.ranges.empty() || found.ranges.back().state != finding.state) {
      found.ranges.push_back({finding.state, finding.m, finding.m});
    }
    found.ranges.back().last = finding.m;
    if (!decided(finding.state)) continue;
    if (last_decided != nullptr && last_decided->state != finding.state) {
      found.edges.push_back({last_decided->state, finding.state, last_decided->m, finding.m});
    }
    last_decided = &finding;
  }
  return found;
}

std::optional<std::int64_t> next_m(std::span<const Finding> findings) {
  std::optional<std::int64_t> best;
  double most = 0;
  for (std::size_t i = 1; i < findings.size(); ++i) {
    const Finding& low = findings[i - 1];
    const Finding& high = findings[i];
    if (low.state == high.state) continue;
    if (low.state == State::kUnknown || high.state == State::kUnknown) continue;
    const auto m = between(low.m, high.m);
    if (!m) continue;
    const bool win = low.state == State::kWin || high.state == State::kWin;
    const double width =
        (win ? 2 : 1) * std::log(static_cast<double>(high.m) / static_cast<double>(low.m));
    if (width > most) {
      most = width;
      best = m;
    }
  }
  return best;
}

std::string ranges_text(const BreakEven& found, State state) {
  std::vector<std::string> texts;
  for (const Range& range : found.ranges) {
    if (range.state == state) texts.push_back(range_text(range));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string edges_text(const BreakEven& found) {
  std::vector<std::string> texts;
  texts.reserve(found.edges.size());
  for (const Edge& edge : found.edges) {
    texts.push_back(fmt::format("between {} and {}", edge.low, edge.high));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string sentence(const BreakEven& found) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view word, State state) {
    const std::string where = places(found, state);
    if (!where.empty()) parts.push_back(fmt::format("{} {}", word, where));
  };
  add("wins", State::kWin);
  add("loses", State::kLoss);
  add("is unclear", State::kUnclear);
  add("has no answer", State::kUnknown);
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace twofour::decide
