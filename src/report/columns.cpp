#include "report/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "report/numbers.h"

namespace twofour::report {
namespace {

constexpr std::string_view kBaselineMark = "baseline";

std::string win_mark(const Record& r) {
  const bool wins = r.problem.sparsity == Sparsity::kTwoFour && r.vs_dense &&
                    r.vs_dense->verdict == Verdict::kWin;
  return wins ? ">" : "";
}

std::string cache_cell(const Record& r) { return std::string(to_string(r.cache.mode)); }

std::string mean_cell(const Record& r) {
  if (!r.summary) return {};
  return fmt::format("{:.3e} +/- {:.3e}", r.summary->mean_s, r.summary->std_s);
}

std::string median_cell(const Record& r) {
  return r.summary ? short_number(r.summary->median_s * 1e6) : std::string{};
}

std::string tflops_cell(const Record& r) {
  const std::optional<double> value = dense_equivalent_tflops(r);
  return value ? short_number(*value) : std::string{};
}

std::string vs_dense_cell(const Record& r) {
  if (!r.vs_dense) return {};
  const Interval& interval = r.vs_dense->interval;
  return fmt::format("{} [{:.3f}, {:.3f}]", times(r.vs_dense->value), interval.low, interval.high);
}

std::string verdict_cell(const Record& r) {
  if (r.vs_dense) return std::string(to_string(r.vs_dense->verdict));
  return r.outcome.measured() && r.kernel == r.baseline ? std::string(kBaselineMark)
                                                        : std::string{};
}

std::string bold_verdict_cell(const Record& r) {
  const std::string cell = verdict_cell(r);
  return win_mark(r).empty() ? cell : "**" + cell + "**";
}

std::string vs_bf16_cell(const Record& r) {
  if (r.vs_bf16) return times(r.vs_bf16->value);
  return r.outcome.measured() && r.kernel == r.bf16_baseline ? std::string(kBaselineMark)
                                                             : std::string{};
}

std::string error_cell(const Record& r) {
  if (!r.accuracy) return {};
  const bool exact = r.accuracy->exact && r.accuracy->max_error == 0;
  const std::string error = exact ? "exact" : fmt::format("{:.3g}", r.accuracy->max_error_ratio);
  return fmt::format("{} ({})", error, percent(r.accuracy->share_checked));
}

/// "padded to M=32, K=4096": the dimensions that the kernel computed and nobody asked for.
std::string padding_of(const Record& r) {
  const GemmShape& asked = r.problem.shape;
  std::string text;
  const auto add = [&](char name, std::int64_t requested, std::int64_t executed) {
    if (executed <= requested) return;
    text += fmt::format("{}{}={}", text.empty() ? "padded to " : ", ", name, executed);
  };
  add('M', asked.m, r.executed.m);
  add('K', asked.k, r.executed.k);
  add('N', asked.n, r.executed.n);
  return text;
}

std::string notes_cell(const Record& r) {
  std::string notes = no_result(r);
  const auto add = [&](std::string_view note) {
    if (!notes.empty() && !note.empty()) notes += ' ';
    notes += note;
  };
  if (r.outcome.kind == OutcomeKind::kUnstable &&
      std::find(r.flags.begin(), r.flags.end(), Flag::kUnstable) == r.flags.end()) {
    add(to_string(Flag::kUnstable));
  }
  for (const Flag flag : r.flags) add(to_string(flag));
  add(padding_of(r));
  return notes;
}

// clang-format off
constexpr std::array kColumns{
  Column{"", win_mark, "", Align::kLeft, Shown::kPlainText},
  Column{"MKN", [](const Record& r) { return mkn(r.problem.shape); }, "sub_label", Align::kLeft, Shown::kMarkdownSweep},
  Column{"layer", [](const Record& r) { return r.layer; }, "layer", Align::kLeft, Shown::kMarkdownModel},
  Column{"kernel", [](const Record& r) { return r.kernel; }, "kernel"},
  Column{"code", [](const Record& r) { return r.architecture; }, "architecture"},
  Column{"cache", cache_cell, "cache.mode", Align::kLeft, Shown::kHot},
  Column{kTimeHeading, mean_cell, "summary.mean_s", Align::kRight},
  Column{"median us", median_cell, "summary.median_s", Align::kRight},
  Column{"TFLOP/s", tflops_cell, "dense_equivalent_tflops", Align::kRight},
  Column{"vs dense [95% CI]", vs_dense_cell, "vs_dense", Align::kRight},
  Column{"verdict", verdict_cell, "vs_dense.verdict", Align::kLeft, Shown::kPlainText},
  Column{"verdict", bold_verdict_cell, "vs_dense.verdict", Align::kLeft, Shown::kMarkdown},
  Column{"vs bf16", vs_bf16_cell, "vs_bf16", Align::kRight, Shown::kBf16},
  Column{"error (checked)", error_cell, "accuracy", Align::kRight},
  Column{"notes", notes_cell, "flags"},
};
// clang-format on

}  // namespace

std::span<const Column> columns() { return kColumns; }

std::string no_result(const Record& record) {
  if (record.outcome.measured()) return {};
  const std::string kind(to_string(record.outcome.kind));
  return record.outcome.reason.empty() ? kind : kind + ": " + record.outcome.reason;
}

}  // namespace twofour::report
