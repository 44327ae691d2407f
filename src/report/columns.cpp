#include "report/columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/numbers.h"

namespace twofour::report {
namespace {

constexpr std::string_view kBaselineMark = "baseline";

std::string win_mark(const Record& r) { return tone_of(r) == Tone::kGood ? ">" : ""; }

std::string cache_cell(const Record& r) { return std::string(to_string(r.cache.mode)); }

std::string mean_cell(const Record& r) {
  if (!r.summary) return {};
  if (r.summary->samples < kFewestForInterval) return fmt::format("{:.3e}", r.summary->mean_s);
  return fmt::format("{:.3e} +/- {:.3e}", r.summary->mean_s, r.summary->std_s);
}

std::string median_cell(const Record& r) {
  return r.summary ? short_number(r.summary->median_s * 1e6) : std::string{};
}

std::string tflops_cell(const Record& r) {
  const std::optional<double> value = dense_equivalent_tflops(r);
  return value ? short_number(*value) : std::string{};
}

std::string vs_bf16_cell(const Record& r) {
  if (r.vs_bf16) return times(r.vs_bf16->value);
  return r.outcome.measured() && r.kernel == r.bf16_baseline ? std::string(kBaselineMark)
                                                             : std::string{};
}

std::string sustained_cell(const Record& r) {
  if (!r.sustained) return {};
  if (!r.sustained->reason.empty()) return r.sustained->reason;
  if (r.sustained->vs_dense) return times(r.sustained->vs_dense->value);
  return std::string(kBaselineMark);
}

std::string energy_cell(const Record& r) {
  const std::optional<double> joules = launch_joules(r);
  return joules ? short_number(*joules * 1e3) : std::string{};
}

std::string energy_ratio_cell(const Record& r) {
  if (!r.energy || !r.energy->launch_j) return {};
  if (r.energy->vs_dense) return times(*r.energy->vs_dense);
  return r.kernel == r.baseline ? std::string(kBaselineMark) : std::string{};
}

std::string clock_cell(const Record& r) {
  if (!r.clocks.effective_sm_mhz) return {};
  return fmt::format("{:.0f}", *r.clocks.effective_sm_mhz);
}

std::string error_cell(const Record& r) {
  if (!r.accuracy) return {};
  const bool exact = r.accuracy->exact && r.accuracy->max_error == 0;
  const std::string error = exact ? "exact" : fmt::format("{:.3g}", r.accuracy->max_error_ratio);
  return fmt::format("{} ({})", error, percent(r.accuracy->share_checked));
}

/// "padded to M=32, K=4096, copies activations", of 6:8 "expanded to K=6144, ...": the dimensions
/// that the kernel computed and nobody asked for, and what it copies for them.
std::string padding_of(const Record& r) {
  const GemmShape& asked = r.problem.shape;
  const bool expands = r.problem.sparsity == Sparsity::kSixEight;
  std::string text;
  const auto add = [&](char name, std::int64_t requested, std::int64_t executed) {
    if (executed <= requested) return;
    text += fmt::format("{}{}={}", text.empty() ? (expands ? "expanded to " : "padded to ") : ", ",
                        name, executed);
  };
  add('M', asked.m, r.executed.m);
  add('K', asked.k, r.executed.k);
  add('N', asked.n, r.executed.n);
  if (!r.copies.empty()) text += fmt::format("{}copies {}", text.empty() ? "" : ", ", r.copies);
  return text;
}

constexpr Align kLeft = Align::kLeft;
constexpr Align kRight = Align::kRight;
constexpr Shown kAlways = Shown::kAlways;

// clang-format off
constexpr std::array kColumns{
  Column{kMarkHeading, win_mark, "", kLeft, Shown::kPlainText, 1},
  Column{"MKN", [](const Record& r) { return mkn(r.problem.shape); }, "sub_label", kLeft, Shown::kMarkdownSweep},
  Column{"layer", [](const Record& r) { return r.layer.str(); }, "layer", kLeft, Shown::kMarkdownModel},
  Column{kKernelHeading, [](const Record& r) { return r.kernel.str(); }, "kernel"},
  Column{"algorithm", [](const Record& r) { return r.algorithm.str(); }, "algorithm", kLeft, Shown::kMarkdownSweep},
  Column{"code", [](const Record& r) { return r.architecture.str(); }, "architecture", kLeft, kAlways, 6},
  Column{"cache", cache_cell, "cache.mode", kLeft, Shown::kHot},
  Column{kTimeHeading, mean_cell, "summary.mean_s", kRight, kAlways, 5},
  Column{"median us", median_cell, "summary.median_s", kRight},
  Column{"TFLOP/s", tflops_cell, "dense_equivalent_tflops", kRight, kAlways, 2},
  Column{"vs dense [95% CI]", vs_dense_text, "vs_dense", kRight},
  Column{kVerdictHeading, verdict_text, "vs_dense.verdict"},
  Column{"vs bf16", vs_bf16_cell, "vs_bf16", kRight, Shown::kBf16, 3},
  Column{"sustained", sustained_cell, "sustained.vs_dense", kRight, Shown::kSustained, 2},
  Column{"mJ", energy_cell, "sustained.median_j", kRight, Shown::kEnergy, 2},
  Column{"energy vs dense", energy_ratio_cell, "energy.vs_dense", kRight, Shown::kRoundEnergy, 2},
  Column{"SM MHz", clock_cell, "clocks.effective_sm_mhz", kRight, Shown::kClock, 7},
  Column{"error (checked)", error_cell, "accuracy", kRight, kAlways, 4},
  Column{kNotesHeading, notes_text, "flags"},
};
// clang-format on

}  // namespace

std::span<const Column> columns() { return kColumns; }

Tone tone_of(const Record& record) {
  if (!is_sparse(record.problem.sparsity) || !record.vs_dense) return Tone::kNone;
  if (record.vs_dense->verdict == Verdict::kWin) return Tone::kGood;
  return record.vs_dense->verdict == Verdict::kLoss ? Tone::kBad : Tone::kNone;
}

std::string vs_dense_text(const Record& r) {
  if (!r.vs_dense) return {};
  const Interval& interval = r.vs_dense->interval;
  // Earlier files have the range of the samples there.
  const bool few = r.summary && r.summary->samples < kFewestForInterval;
  if (few || !is_known(interval)) return times(r.vs_dense->value);
  return fmt::format("{} [{:.3f}, {:.3f}]", times(r.vs_dense->value), interval.low, interval.high);
}

std::string verdict_text(const Record& r) {
  if (is_twin(r)) return "control";
  if (r.vs_dense) return std::string(to_string(r.vs_dense->verdict));
  return r.outcome.measured() && r.kernel == r.baseline ? std::string(kBaselineMark)
                                                        : std::string{};
}

std::string flags_text(const Record& r) {
  std::vector<std::string_view> names;
  if (r.outcome.kind == OutcomeKind::kUnstable &&
      std::find(r.flags.begin(), r.flags.end(), Flag::kUnstable) == r.flags.end()) {
    names.push_back(to_string(Flag::kUnstable));
  }
  for (const Flag flag : r.flags) names.push_back(to_string(flag));
  return fmt::format("{}", fmt::join(names, " "));
}

std::string notes_text(const Record& r) {
  std::vector<std::string> notes{no_result(r), flags_text(r), padding_of(r)};
  std::erase(notes, "");
  return fmt::format("{}", fmt::join(notes, " "));
}

std::string no_result(const Record& record) {
  if (record.outcome.measured()) return {};
  const std::string kind(to_string(record.outcome.kind));
  return record.outcome.reason.empty() ? kind : kind + ": " + record.outcome.reason;
}

}  // namespace twofour::report
