#include "compare/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace twofour::compare {
namespace {

constexpr double kClockThatMoved = 0.005;

struct Meaning {
  Word word;
  std::string_view text;
};

constexpr std::array kMeanings{
    Meaning{Word::kBroken, "was measured, and now failed, is incorrect or unsupported"},
    Meaning{Word::kSlower,
            "the whole interval lies beyond the threshold, and no change at all is ruled out for "
            "this many rows"},
    Meaning{Word::kFaster, "likewise"},
    Meaning{Word::kSame, "the whole interval lies within the threshold"},
    Meaning{Word::kUnclear, "neither: the interval is too wide, or lies across the threshold"},
    Meaning{Word::kMissing, "was measured, and is not there or not measured any more"},
    Meaning{Word::kNew, "was not there or not measured before"},
    Meaning{Word::kFixed, "had no result, and has one"},
    Meaning{Word::kIncomparable, "more than the code differs; --anyway compares all the same"},
};

std::string contrast_text(const Contrast& contrast) {
  return fmt::format("{} {} -> {}", contrast.what, contrast.old_value, contrast.new_value);
}

std::string joined(const std::vector<Contrast>& contrasts) {
  std::vector<std::string> texts;
  texts.reserve(contrasts.size());
  for (const Contrast& contrast : contrasts) texts.push_back(contrast_text(contrast));
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string common_text(const Common& common) {
  return change_text(common.change, common.interval);
}

bool one_run_a_side(const Comparison& comparison) {
  return std::all_of(comparison.changes.begin(), comparison.changes.end(),
                     [](const Change& c) { return c.old_runs <= 1 && c.new_runs <= 1; });
}

std::string clock_caution(const Clocks& clocks) {
  return fmt::format(
      "The clock beside the measurements changed by {} (median of {} rows): in cycles the rows "
      "took {} of the time. The ratio of 2:4 to dense does not see a clock that moved.",
      percent_change(clocks.change), clocks.rows, percent_change(clocks.cycles_change));
}

/// Two digits say all that a guess at a number of samples can.
std::int64_t rounded_up(std::int64_t count) {
  std::int64_t unit = 1;
  while (count / unit >= 100) unit *= 10;
  return (count + unit - 1) / unit * unit;
}

}  // namespace

std::string percent_change(double factor) {
  const double percent = (factor - 1) * 100;
  if (!std::isfinite(percent)) return factor > 0 ? "no end" : "-";
  // Without a sign where nothing is left of it.
  if (std::abs(percent) < 0.05) return "0.0%";
  return fmt::format("{:+.{}f}%", percent, std::abs(percent) < 99.95 ? 1 : 0);
}

std::string change_text(double factor, const Interval& interval) {
  std::string low = percent_change(interval.low);
  std::string high = percent_change(interval.high);
  for (std::string* end : {&low, &high}) {
    if (end->ends_with('%')) end->pop_back();
  }
  return fmt::format("{} [{}, {}]", percent_change(factor), low, high);
}

std::string answer(const Comparison& comparison) {
  const std::vector<std::size_t> count = counts(comparison.changes);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (count[i] > 0) parts.push_back(fmt::format("{} {}", count[i], kWordNames[i].second));
  }
  std::string_view first = "Nothing is slower";
  switch (finding(comparison, false)) {
    case Finding::kSomethingSlower:
      first = count[static_cast<std::size_t>(Word::kSlower)] > 0 ? "Something is slower"
                                                                 : "Something is broken";
      break;
    case Finding::kNothingComparable:
      first = "Nothing can be compared";
      break;
    case Finding::kNothingSlower:
      break;
  }
  return fmt::format("{}: {} (on {}, threshold {:.2g}%).", first,
                     parts.empty() ? "no rows" : fmt::format("{}", fmt::join(parts, ", ")),
                     to_string(comparison.options.on), comparison.options.threshold * 100);
}

std::vector<std::string> sides(const Comparison& comparison) {
  const auto side = [](std::string_view name, const Side& one) {
    return fmt::format("{}: {}; {} rows, {}", name, fmt::join(one.sources, ", "), one.rows,
                       one.started.empty() ? "no run"
                                           : fmt::format("{} {}, started {}", one.started.size(),
                                                         one.started.size() == 1 ? "run" : "runs",
                                                         fmt::join(one.started, ", ")));
  };
  return {side("OLD", comparison.before), side("NEW", comparison.after)};
}

std::vector<std::string> differences(const Comparison& comparison) {
  std::vector<std::string> lines;
  for (const Contrast& c : comparison.headline) lines.push_back(contrast_text(c));
  return lines;
}

std::vector<std::string> cautions(const Comparison& comparison) {
  std::vector<std::string> lines;
  if (!comparison.obstacles.empty()) {
    lines.push_back(fmt::format("{}: {}.",
                                comparison.options.anyway ? "Careful: compared anyway"
                                                          : "Not comparable (--anyway compares)",
                                joined(comparison.obstacles)));
  }
  if (comparison.options.on == Question::kEnergy &&
      std::none_of(comparison.changes.begin(), comparison.changes.end(),
                   [](const Change& c) { return c.energy.has_value(); })) {
    lines.emplace_back("No row has joules on both sides, so that energy has no words.");
  }
  if (comparison.in_neither > 0) {
    lines.push_back(fmt::format("{} more {} no result on either side.", comparison.in_neither,
                                comparison.in_neither == 1 ? "row has" : "rows have"));
  }
  if (comparison.common_time) {
    lines.push_back(
        fmt::format("The median of all {} rows changed its time by {}: as far as that "
                    "is not 0, it moved all alike.",
                    comparison.common_time->rows, common_text(*comparison.common_time)));
  }
  if (comparison.clocks && std::abs(comparison.clocks->change - 1) > kClockThatMoved) {
    lines.push_back(clock_caution(*comparison.clocks));
  }
  if (comparison.unexplained && one_run_a_side(comparison)) {
    lines.push_back(fmt::format(
        "Rows differ from that by {:.1f}% (standard deviation) more than their samples explain: "
        "from run to run as much may change by itself. Several runs a side show it (--old, --new).",
        *comparison.unexplained * 100));
  }
  return lines;
}

std::vector<std::string> legend(const Comparison& comparison) {
  const std::vector<std::size_t> count = counts(comparison.changes);
  std::vector<std::string> lines;
  for (const Meaning& meaning : kMeanings) {
    if (count[static_cast<std::size_t>(meaning.word)] == 0) continue;
    lines.push_back(fmt::format("{}: {}.", to_string(meaning.word), meaning.text));
  }
  if (!comparison.means.empty()) {
    lines.emplace_back(
        "Changes are NEW over OLD with their 95 % intervals, in percent. A longer time is slower; "
        "so is 2:4 where its speed-up over the best dense kernel (2:4 vs dense) shrank.");
  }
  return lines;
}

std::string note(const Change& change, Question on) {
  std::vector<std::string> parts;
  const Boxed<Shift>& shift = on == Question::kRatio ? change.ratio : change.time;
  if (shift && shift->word == Word::kUnclear) {
    const std::int64_t now = std::min(shift->old_samples, shift->new_samples);
    parts.push_back(shift->samples_to_decide
                        ? fmt::format("about {} samples would decide, {} now",
                                      rounded_up(*shift->samples_to_decide), now)
                        : std::string("more samples would not decide"));
  }
  if (change.clock &&
      std::abs(change.clock->new_mhz / change.clock->old_mhz - 1) > kClockThatMoved) {
    parts.push_back(fmt::format("clock {:.0f} -> {:.0f} MHz, in cycles {}", change.clock->old_mhz,
                                change.clock->new_mhz,
                                percent_change(change.clock->cycles_change)));
  }
  parts.insert(parts.end(), change.notes.begin(), change.notes.end());
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::size_t same_rows(const Comparison& comparison) {
  return counts(comparison.changes)[static_cast<std::size_t>(Word::kSame)];
}

}  // namespace twofour::compare
