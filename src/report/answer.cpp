#include "report/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "report/floor.h"
#include "report/numbers.h"
#include "report/pattern_text.h"
#include "report/sustained.h"

namespace twofour::report {
namespace {

bool is_sparse(const Record& r) { return is_sparse(r.problem.sparsity); }

bool is_compared(const Record& r) {
  return is_sparse(r) && r.vs_dense && std::isfinite(r.vs_dense->value) && r.vs_dense->value > 0;
}

bool is_hot(const Record& r) { return r.cache.mode == CacheMode::kHot; }

double ratio_of(const Record& r) { return r.vs_dense->value; }

bool has_verdict(const Record& r, Verdict verdict) { return r.vs_dense->verdict == verdict; }

using Rows = std::vector<const Record*>;

double geometric_mean(const Rows& rows) {
  double logs = 0;
  for (const Record* r : rows) logs += std::log(ratio_of(*r));
  return std::exp(logs / static_cast<double>(rows.size()));
}

std::int64_t count_verdict(const Rows& rows, Verdict verdict) {
  return std::count_if(rows.begin(), rows.end(),
                       [&](const Record* r) { return has_verdict(*r, verdict); });
}

/// With and without bias is one family; hot and cold are two.
std::string family(const Record& r) {
  const std::string name{without_bias(r.kernel)};
  return is_hot(r) ? name + " (hot)" : name;
}

std::set<Flag> flags_of(const Record& r) {
  std::set<Flag> flags(r.flags.begin(), r.flags.end());
  if (r.outcome.kind == OutcomeKind::kUnstable) flags.insert(Flag::kUnstable);
  return flags;
}

/// Two decimals: the sentence is read aloud, the table has the digits.
std::string rounded(double ratio) { return fmt::format("{:.2f}x", ratio); }

/// What the rows of one M, or of neighbouring Ms, have in common.
/// kTooFew: no ratio has an interval.
enum class Finding { kFaster, kSlower, kEven, kMixed, kTooFew };

struct Span {
  Finding finding = Finding::kEven;
  std::int64_t low_m = 0;
  std::int64_t high_m = 0;
  Rows rows;
};

/// The fastest 2:4 row of each problem, since the baseline is the fastest dense one. All of them
/// are cold, or hot where no row is cold.
Rows best_rows(std::span<const Record> records) {
  const bool any_cold = std::any_of(records.begin(), records.end(),
                                    [](const Record& r) { return is_compared(r) && !is_hot(r); });
  std::map<std::string, const Record*> best;
  for (const Record& r : records) {
    if (!is_compared(r) || is_hot(r) == any_cold) continue;
    const Record*& slot = best[fmt::format("{} {}", r.case_index, to_string(r.problem))];
    if (slot == nullptr || ratio_of(r) > ratio_of(*slot)) slot = &r;
  }
  Rows rows;
  for (const auto& [problem, r] : best) rows.push_back(r);
  std::stable_sort(rows.begin(), rows.end(), [](const Record* a, const Record* b) {
    return std::pair(a->problem.shape.m, a->case_index) <
           std::pair(b->problem.shape.m, b->case_index);
  });
  return rows;
}

Finding finding_of(const Rows& rows) {
  const std::int64_t wins = count_verdict(rows, Verdict::kWin);
  const std::int64_t losses = count_verdict(rows, Verdict::kLoss);
  const auto count = static_cast<std::int64_t>(rows.size());
  if (std::none_of(rows.begin(), rows.end(),
                   [](const Record* r) { return is_known(r->vs_dense->interval); })) {
    return Finding::kTooFew;
  }
  if (wins > 0 && losses > 0) return Finding::kMixed;
  if (2 * wins >= count) return Finding::kFaster;
  if (2 * losses >= count) return Finding::kSlower;
  return Finding::kEven;
}

/// `rows` by ascending M, neighbouring Ms with the same finding together.
std::vector<Span> spans_of(const Rows& rows) {
  std::map<std::int64_t, Rows> by_m;
  for (const Record* r : rows) by_m[r->problem.shape.m].push_back(r);
  std::vector<Span> spans;
  for (const auto& [m, same_m] : by_m) {
    const Finding finding = finding_of(same_m);
    if (spans.empty() || spans.back().finding != finding) spans.push_back({finding, m, m, {}});
    spans.back().high_m = m;
    spans.back().rows.insert(spans.back().rows.end(), same_m.begin(), same_m.end());
  }
  return spans;
}

std::string where(const std::vector<Span>& spans, std::size_t i) {
  const Span& span = spans[i];
  if (span.low_m == span.high_m) return fmt::format("at M = {}", span.low_m);
  if (spans.size() == 1) return fmt::format("at every M from {} to {}", span.low_m, span.high_m);
  if (i == 0) return fmt::format("at M <= {}", span.high_m);
  if (i + 1 == spans.size()) return fmt::format("at M >= {}", span.low_m);
  return fmt::format("at M = {} to {}", span.low_m, span.high_m);
}

std::string shape_name(const Record& r) {
  return r.layer.empty() ? mkn(r.problem.shape) : r.layer + " " + mkn(r.problem.shape);
}

std::string wins_of(const Rows& rows) {
  const auto [worst, best] = std::minmax_element(
      rows.begin(), rows.end(),
      [](const Record* a, const Record* b) { return ratio_of(*a) < ratio_of(*b); });
  return fmt::format("{} of {} comparisons, dense in {}; from {} ({}) to {} ({})",
                     count_verdict(rows, Verdict::kWin), rows.size(),
                     count_verdict(rows, Verdict::kLoss), rounded(ratio_of(**worst)),
                     shape_name(**worst), rounded(ratio_of(**best)), shape_name(**best));
}

std::string clause(const std::vector<Span>& spans, std::size_t i) {
  const Span& span = spans[i];
  const std::string place = where(spans, i);
  std::string mean = rounded(geometric_mean(span.rows));
  const auto count = static_cast<std::int64_t>(span.rows.size());
  const auto agree =
      count_verdict(span.rows, span.finding == Finding::kSlower ? Verdict::kLoss : Verdict::kWin);
  // The rest are ties, or decided nothing.
  const bool in_part =
      span.finding != Finding::kEven && span.finding != Finding::kTooFew && agree < count;
  if (in_part) mean += fmt::format(", clear in {} of {} comparisons", agree, count);
  const std::string_view pattern = to_string(span.rows.front()->pattern);
  switch (span.finding) {
    case Finding::kFaster:
      return fmt::format("{} is faster {} ({})", pattern, place, mean);
    case Finding::kSlower:
      return fmt::format("dense is faster {} ({} runs at {})", place, pattern, mean);
    case Finding::kEven:
      return fmt::format("there is no clear difference {} ({})", place, mean);
    case Finding::kTooFew:
      return fmt::format("there are too few samples to tell {} ({} at {})", place, pattern, mean);
    case Finding::kMixed:
      break;
  }
  return fmt::format("it depends on the shape {} ({} is faster in {})", place, pattern,
                     wins_of(span.rows));
}

std::string_view first_word(const std::vector<Span>& spans) {
  const auto any = [&](Finding finding) {
    return std::any_of(spans.begin(), spans.end(),
                       [&](const Span& span) { return span.finding == finding; });
  };
  if (any(Finding::kMixed)) return "In part";
  if (!any(Finding::kFaster)) return any(Finding::kTooFew) ? "Not known" : "No";
  return spans.size() == 1 ? "Yes" : "It depends on M";
}

/// Whether an interval half as wide again on either side would reach 1.
bool near_one(const Record& r) {
  const Interval& ends = r.vs_dense->interval;
  if (!is_known(ends)) return true;
  const double reach = (ends.high - ends.low) / 2;
  return ends.low - reach <= 1 && ends.high + reach >= 1;
}

/// Whether what the flag says of a win could make it none: a ratio that flatters, or one that is
/// not precise and comes near 1.
bool could_change(Flag flag, const Record& r) {
  return info(flag).doubts_win && (flag != Flag::kUnstable || near_one(r));
}

/// What makes some of the wins doubtful; empty when nothing does.
std::string caution(const Rows& rows) {
  std::set<std::string_view> seen;
  std::int64_t doubtful = 0;
  for (const Record* r : rows) {
    if (!has_verdict(*r, Verdict::kWin)) continue;
    bool doubt = false;
    for (const Flag flag : flags_of(*r)) {
      if (!could_change(flag, *r)) continue;
      seen.insert(to_string(flag));
      doubt = true;
    }
    if (doubt) ++doubtful;
  }
  if (doubtful == 0) return {};
  return fmt::format("{} of the {} wins {} flagged {}.", doubtful,
                     count_verdict(rows, Verdict::kWin), doubtful == 1 ? "is" : "are",
                     fmt::join(seen, ", "));
}

/// More time does not help a row that a quota stops again and again.
bool advice_helps(Flag flag, const Record& r) {
  return flag != Flag::kUnstable || !flags_of(r).contains(Flag::kThrottled);
}

/// What a flag means, and what helps where some row that has it can be helped so.
std::string explanation(Flag flag, std::span<const Record> records) {
  const bool helps = std::any_of(records.begin(), records.end(), [&](const Record& r) {
    return flags_of(r).contains(flag) && advice_helps(flag, r);
  });
  const FlagInfo& told = info(flag);
  if (told.advice.empty() || !helps) return std::string(told.meaning);
  return fmt::format("{}; {}", told.meaning, told.advice);
}

/// Which kernels round on the way, and how.
std::vector<std::string> rounding_lines(std::span<const Record> records) {
  constexpr std::array kWays{
      std::pair{Accumulation::kOutputParts,
                "may round sums of parts of K to the type of D, as its library does by default"},
      std::pair{Accumulation::kBiasAfterRounding,
                "may round the product to the type of D before it adds the bias, where N is not a "
                "multiple of 8"},
  };
  std::vector<std::string> lines;
  for (const auto& [way, words] : kWays) {
    std::set<std::string_view> kernels;
    for (const Record& r : records) {
      if (r.accuracy && r.accuracy->accumulation == way) kernels.insert(r.kernel);
    }
    for (const std::string_view kernel : kernels) {
      lines.push_back(fmt::format(
          "{} {}: its tolerance is wider, and it is less exact than others.", kernel, words));
    }
  }
  return lines;
}

/// That a quota was in the way; empty where none was.
std::string throttling(const Rows& rows) {
  const auto throttled = std::count_if(rows.begin(), rows.end(), [](const Record* r) {
    return flags_of(*r).contains(Flag::kThrottled);
  });
  if (throttled == 0) return {};
  return fmt::format("a CPU quota stopped the process in {} of {} comparisons ({}); {}.", throttled,
                     rows.size(), to_string(Flag::kThrottled), info(Flag::kThrottled).advice);
}

/// That others used the device; empty where nobody did.
std::string busyness(const Rows& rows) {
  const auto busy = std::count_if(
      rows.begin(), rows.end(), [](const Record* r) { return flags_of(*r).contains(Flag::kBusy); });
  if (busy == 0) return {};
  return fmt::format("other processes used the device in {} of {} comparisons ({}).", busy,
                     rows.size(), to_string(Flag::kBusy));
}

/// "Careful: ", once, before the first of the sentences that is not empty.
std::string with_care(const std::vector<std::string>& sentences) {
  std::string text;
  for (std::string sentence : sentences) {
    if (sentence.empty()) continue;
    if (!text.empty() && sentence.front() >= 'a' && sentence.front() <= 'z') {
      sentence.front() = static_cast<char>(sentence.front() - 'a' + 'A');
    }
    text += (text.empty() ? "Careful: " : " ") + sentence;
  }
  return text;
}

/// Why 2:4 loses or ties, where the code that ran tells; empty where it does neither or tells
/// nothing.
std::string reasons(const Rows& rows) {
  std::map<std::string_view, std::pair<std::int64_t, std::int64_t>> m_of;  // lowest, highest
  for (const Record* r : rows) {
    if (r->remark.empty()) continue;
    if (!has_verdict(*r, Verdict::kLoss) && !has_verdict(*r, Verdict::kTie)) continue;
    const std::int64_t m = r->problem.shape.m;  // rows come by ascending M
    m_of.try_emplace(r->remark, m, m).first->second.second = m;
  }
  std::string text;
  for (const auto& [remark, ends] : m_of) {
    const auto& [low, high] = ends;
    if (!text.empty()) text += ' ';
    text += fmt::format(
        "{}, so dense is the better choice where {} loses or ties ({}).", remark,
        to_string(rows.front()->pattern),
        low == high ? fmt::format("M = {}", low) : fmt::format("M = {} to {}", low, high));
  }
  return text;
}

}  // namespace

std::vector<std::string> verdict_counts(std::span<const Record> records) {
  std::map<CacheMode, Rows> by_mode;
  for (const Record& r : records) {
    if (is_sparse(r)) by_mode[r.cache.mode].push_back(&r);
  }
  std::vector<std::string> lines;
  for (const auto& [mode, rows] : by_mode) {
    Rows compared;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(compared),
                 [](const Record* r) { return is_compared(*r); });
    std::vector<std::string> counts;
    counts.reserve(std::size(kVerdictNames));
    for (const auto& [verdict, name] : kVerdictNames) {
      counts.push_back(fmt::format("{} {}", count_verdict(compared, verdict), name));
    }
    std::string line =
        fmt::format("{} against the best dense kernel", to_string(rows.front()->pattern));
    if (by_mode.size() > 1) line += fmt::format(", {}", to_string(mode));
    line += fmt::format(": {} of {} rows", fmt::join(counts, ", "), rows.size());
    const std::size_t without = rows.size() - compared.size();
    if (without > 0) line += fmt::format("; {} without a ratio", without);
    lines.push_back(line + ".");
  }
  return lines;
}

Grid geometric_means(std::span<const Record> records) {
  std::vector<std::string> families;
  std::map<std::string, Rows> by_family;
  std::array<bool, kSizeClasses.size()> present{};
  for (const Record& r : records) {
    if (!is_compared(r)) continue;
    Rows& rows = by_family[family(r)];
    if (rows.empty()) families.push_back(family(r));
    rows.push_back(&r);
    for (std::size_t i = 0; i < kSizeClasses.size(); ++i) {
      if (kSizeClasses[i].holds(r.problem.shape.m)) present[i] = true;
    }
  }
  Grid grid;
  grid.headings = {{"geometric mean speed-up over dense"}, {"all M", Align::kRight}};
  const bool several = std::count(present.begin(), present.end(), true) > 1;
  for (std::size_t i = 0; i < kSizeClasses.size(); ++i) {
    if (!several) present[i] = false;
    if (present[i]) grid.headings.push_back({std::string(kSizeClasses[i].title), Align::kRight});
  }
  if (families.size() > 1) {
    families.insert(families.begin(), "the best of each problem");
    by_family[families.front()] = best_rows(records);
  }
  for (const std::string& name : families) {
    Grid::Row row{.cells = {name, times(geometric_mean(by_family[name]))}};
    for (std::size_t i = 0; i < kSizeClasses.size(); ++i) {
      if (!present[i]) continue;
      Rows rows;
      for (const Record* r : by_family[name]) {
        if (kSizeClasses[i].holds(r->problem.shape.m)) rows.push_back(r);
      }
      row.cells.push_back(rows.empty() ? "" : times(geometric_mean(rows)));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

std::vector<std::string> legend(std::span<const Record> records, std::string_view win_mark) {
  std::vector<std::string> lines;
  const auto any = [&](auto holds) { return std::any_of(records.begin(), records.end(), holds); };
  if (any([](const Record& r) { return is_compared(r) && has_verdict(r, Verdict::kWin); })) {
    lines.push_back(fmt::format("{} marks {} rows that are faster than the best dense kernel.",
                                win_mark, to_string(pattern_of(records))));
  }
  if (any([](const Record& r) { return r.accuracy.has_value(); })) {
    lines.emplace_back(
        "error: the largest as a share of its tolerance, at most 1 is right; in brackets how much "
        "of "
        "D was checked.");
  }
  std::set<Flag> occurring;
  for (const Record& r : records) occurring.merge(flags_of(r));
  for (const Flag flag : occurring) {
    lines.push_back(of_pattern(fmt::format("{}: {}.", to_string(flag), explanation(flag, records)),
                               pattern_of(records)));
  }
  for (std::string& line : rounding_lines(records)) lines.push_back(std::move(line));
  return lines;
}

AnswerParts answer_parts(std::span<const Record> records) {
  AnswerParts parts;
  const Sparsity pattern = pattern_of(records);
  if (std::none_of(records.begin(), records.end(), is_sparse)) {
    parts.word = "Not asked";
    parts.finding = of_pattern("no 2:4 kernel took part", pattern);
    return parts;
  }
  const Rows rows = best_rows(records);
  if (rows.empty()) {
    parts.word = "Not known";
    parts.finding =
        of_pattern("no 2:4 row has a result and a dense row to compare it with", pattern);
    return parts;
  }
  const std::vector<Span> spans = spans_of(rows);
  constexpr std::size_t kMostSpans = 4;
  if (spans.size() > kMostSpans) {
    parts.word = "In part";
    parts.finding = fmt::format("{} is faster in {}", to_string(pattern), wins_of(rows));
  } else {
    parts.word = first_word(spans);
    for (std::size_t i = 0; i < spans.size(); ++i) {
      parts.finding += (i > 0 ? "; " : "") + clause(spans, i);
    }
  }
  if (is_hot(*rows.front())) {
    parts.finding += ", with the weights where the last launch left them (hot)";
  } else if (std::any_of(records.begin(), records.end(), is_hot)) {
    parts.finding += ", with the weights out of cache (cold)";
  }
  parts.reasons = reasons(rows);
  if (const std::string told = pattern_sentence(pattern); !told.empty()) {
    parts.reasons += (parts.reasons.empty() ? "" : " ") + told;
  }
  parts.load = sustained_sentence(records);
  if (const std::string energy = round_energy_sentence(records); !energy.empty()) {
    parts.load += (parts.load.empty() ? "" : " ") + energy;
  }
  parts.control = floor_sentence(records);
  parts.caution = with_care({caution(rows), throttling(rows), busyness(rows)});
  return parts;
}

std::string answer(std::span<const Record> records) {
  const AnswerParts parts = answer_parts(records);
  const auto behind = [](const std::string& text) { return text.empty() ? text : " " + text; };
  return fmt::format("{} {}: {}.{}{}{}{}", of_pattern(kQuestion, pattern_of(records)), parts.word,
                     parts.finding, behind(parts.reasons), behind(parts.load),
                     behind(parts.caution), behind(parts.control));
}

}  // namespace twofour::report
