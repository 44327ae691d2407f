#include "report/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "report/format.h"

namespace twofour::report {
namespace {

// CSV: one function for each shape of member.

template <auto Member>
std::string text(const Record& r) {
  return std::string(r.*Member);
}

template <auto Outer, auto Member>
std::string inner_text(const Record& r) {
  return std::string(r.*Outer.*Member);
}

template <auto Member>
std::string number(const Record& r) {
  return exact_number(r.*Member);
}

template <auto Member>
std::string whole(const Record& r) {
  return std::to_string(r.*Member);
}

template <auto Outer, auto Member>
std::string inner_whole(const Record& r) {
  return std::to_string(r.*Outer.*Member);
}

template <auto Member>
std::string asked(const Record& r) {
  return std::to_string(r.problem.shape.*Member);
}

template <auto Member>
std::string type_name(const Record& r) {
  return std::string(info(r.problem.*Member).cli_name);
}

template <auto Member>
std::string phase(const Record& r) {
  return exact_number(r.phases.*Member);
}

template <auto Member>
std::string clock(const Record& r) {
  const std::optional<double>& value = r.clocks.*Member;
  return value ? exact_number(*value) : std::string{};
}

template <auto Member>
std::string summary(const Record& r) {
  return r.summary ? exact_number((*r.summary).*Member) : std::string{};
}

template <auto End>
std::string median_end(const Record& r) {
  return r.summary ? exact_number(r.summary->median_interval_s.*End) : std::string{};
}

template <auto Member>
std::string accuracy(const Record& r) {
  return r.accuracy ? exact_number((*r.accuracy).*Member) : std::string{};
}

template <auto Member>
std::string ratio(const Record& r) {
  const std::optional<Ratio>& value = r.*Member;
  return value ? exact_number(value->value) : std::string{};
}

template <auto Member, auto End>
std::string ratio_end(const Record& r) {
  const std::optional<Ratio>& value = r.*Member;
  return value ? exact_number(value->interval.*End) : std::string{};
}

template <auto Member>
std::string verdict(const Record& r) {
  const std::optional<Ratio>& value = r.*Member;
  return value ? std::string(to_string(value->verdict)) : std::string{};
}

template <auto Rate>
std::string rate(const Record& r) {
  const std::optional<double> value = Rate(r);
  return value ? exact_number(*value) : std::string{};
}

std::string samples(const Record& r) {
  return r.summary ? std::to_string(r.summary->samples) : std::string{};
}

std::string launches(const Record& r) {
  return r.samples ? std::to_string(r.samples->launches_per_sample) : std::string{};
}

std::string yes_or_no(bool yes) { return yes ? "true" : "false"; }

std::string joined_flags(const Record& r) {
  std::string text;
  for (const Flag flag : r.flags)
    text += fmt::format("{}{}", text.empty() ? "" : " ", to_string(flag));
  return text;
}

// Tables.

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

constexpr std::string (*kNoCell)(const Record&) = nullptr;
constexpr std::string (*kNoValue)(const Record&) = nullptr;
constexpr auto kRight = Align::kRight;
constexpr auto kLeft = Align::kLeft;

// clang-format off
constexpr std::array kColumns{
  Column{"", kNoValue, "", win_mark, kLeft, Shown::kPlainText},
  Column{"", kNoValue, "MKN", [](const Record& r) { return mkn(r.problem.shape); }, kLeft, Shown::kMarkdownSweep},
  Column{"mode", [](const Record& r) { return std::string(to_string(r.mode)); }, "", kNoCell},
  Column{"dtype", [](const Record& r) { return std::string(info(r.dtype).cli_name); }, "", kNoCell},
  Column{"label", label, "", kNoCell},
  Column{"sub_label", sub_label, "", kNoCell},
  Column{"case_index", whole<&Record::case_index>, "", kNoCell},
  Column{"model", text<&Record::model>, "", kNoCell},
  Column{"layer", text<&Record::layer>, "layer", text<&Record::layer>, kLeft, Shown::kMarkdownModel},
  Column{"tensor_parallel", whole<&Record::tensor_parallel>, "", kNoCell},
  Column{"m", asked<&GemmShape::m>, "", kNoCell},
  Column{"k", asked<&GemmShape::k>, "", kNoCell},
  Column{"n", asked<&GemmShape::n>, "", kNoCell},
  Column{"executed_m", inner_whole<&Record::executed, &GemmShape::m>, "", kNoCell},
  Column{"executed_k", inner_whole<&Record::executed, &GemmShape::k>, "", kNoCell},
  Column{"executed_n", inner_whole<&Record::executed, &GemmShape::n>, "", kNoCell},
  Column{"a_type", type_name<&GemmProblem::a>, "", kNoCell},
  Column{"b_type", type_name<&GemmProblem::b>, "", kNoCell},
  Column{"d_type", type_name<&GemmProblem::d>, "", kNoCell},
  Column{"scales", [](const Record& r) { return std::string(to_string(r.problem.scales)); }, "", kNoCell},
  Column{"bias", [](const Record& r) { return yes_or_no(r.problem.bias); }, "", kNoCell},
  Column{"sparsity", [](const Record& r) { return std::string(to_string(r.problem.sparsity)); }, "", kNoCell},
  Column{"provider", text<&Record::provider>, "", kNoCell},
  Column{"provider_version", text<&Record::provider_version>, "", kNoCell},
  Column{"kernel", text<&Record::kernel>, "kernel", text<&Record::kernel>},
  Column{"algorithm", text<&Record::algorithm>, "", kNoCell},
  Column{"architecture", text<&Record::architecture>, "code", text<&Record::architecture>},
  Column{"outcome", [](const Record& r) { return std::string(to_string(r.outcome.kind)); }, "", kNoCell},
  Column{"reason", inner_text<&Record::outcome, &Outcome::reason>, "", kNoCell},
  Column{"cache", [](const Record& r) { return std::string(to_string(r.cache.mode)); }, "cache", cache_cell, kLeft, Shown::kHot},
  Column{"cache_method", [](const Record& r) { return std::string(to_string(r.cache.method)); }, "", kNoCell},
  Column{"cache_copies", inner_whole<&Record::cache, &CacheState::copies>, "", kNoCell},
  Column{"bytes_per_copy", inner_whole<&Record::cache, &CacheState::bytes_per_copy>, "", kNoCell},
  Column{"last_level_cache_bytes", inner_whole<&Record::cache, &CacheState::last_level_cache_bytes>, "", kNoCell},
  Column{"residency", [](const Record& r) { return std::string(to_string(r.cache.residency)); }, "", kNoCell},
  Column{"mean_s", summary<&Summary::mean_s>, "time (mean +/- std), s", mean_cell, kRight},
  Column{"std_s", summary<&Summary::std_s>, "", kNoCell},
  Column{"median_s", summary<&Summary::median_s>, "median us", median_cell, kRight},
  Column{"median_low_s", median_end<&Interval::low>, "", kNoCell},
  Column{"median_high_s", median_end<&Interval::high>, "", kNoCell},
  Column{"min_s", summary<&Summary::min_s>, "", kNoCell},
  Column{"host_median_s", summary<&Summary::host_median_s>, "", kNoCell},
  Column{"samples", samples, "", kNoCell},
  Column{"launches_per_sample", launches, "", kNoCell},
  Column{"dense_equivalent_tflops", rate<dense_equivalent_tflops>, "TFLOP/s", tflops_cell, kRight},
  Column{"executed_tflops", rate<executed_tflops>, "", kNoCell},
  Column{"baseline", text<&Record::baseline>, "", kNoCell},
  Column{"vs_dense", ratio<&Record::vs_dense>, "vs dense [95% CI]", vs_dense_cell, kRight},
  Column{"vs_dense_low", ratio_end<&Record::vs_dense, &Interval::low>, "", kNoCell},
  Column{"vs_dense_high", ratio_end<&Record::vs_dense, &Interval::high>, "", kNoCell},
  Column{"verdict", verdict<&Record::vs_dense>, "verdict", verdict_cell, kLeft, Shown::kPlainText},
  Column{"", kNoValue, "verdict", bold_verdict_cell, kLeft, Shown::kMarkdown},
  Column{"bf16_baseline", text<&Record::bf16_baseline>, "", kNoCell},
  Column{"vs_bf16", ratio<&Record::vs_bf16>, "vs bf16", vs_bf16_cell, kRight, Shown::kBf16},
  Column{"vs_bf16_low", ratio_end<&Record::vs_bf16, &Interval::low>, "", kNoCell},
  Column{"vs_bf16_high", ratio_end<&Record::vs_bf16, &Interval::high>, "", kNoCell},
  Column{"vs_bf16_verdict", verdict<&Record::vs_bf16>, "", kNoCell},
  Column{"", kNoValue, "error (checked)", error_cell, kRight},
  Column{"max_error", accuracy<&Accuracy::max_error>, "", kNoCell},
  Column{"max_error_ratio", accuracy<&Accuracy::max_error_ratio>, "", kNoCell},
  Column{"share_checked", accuracy<&Accuracy::share_checked>, "", kNoCell},
  Column{"exact", [](const Record& r) { return r.accuracy ? yes_or_no(r.accuracy->exact) : std::string{}; }, "", kNoCell},
  Column{"flags", joined_flags, "notes", notes_cell},
  Column{"core_mhz", clock<&ClockSample::core_mhz>, "", kNoCell},
  Column{"memory_mhz", clock<&ClockSample::memory_mhz>, "", kNoCell},
  Column{"power_w", clock<&ClockSample::power_w>, "", kNoCell},
  Column{"temperature_c", clock<&ClockSample::temperature_c>, "", kNoCell},
  Column{"throttle_reasons", inner_text<&Record::clocks, &ClockSample::throttle_reasons>, "", kNoCell},
  Column{"operands_s", phase<&Phases::operands_s>, "", kNoCell},
  Column{"reference_s", phase<&Phases::reference_s>, "", kNoCell},
  Column{"prepare_s", phase<&Phases::prepare_s>, "", kNoCell},
  Column{"plan_s", phase<&Phases::plan_s>, "", kNoCell},
  Column{"verify_s", phase<&Phases::verify_s>, "", kNoCell},
  Column{"measure_s", phase<&Phases::measure_s>, "", kNoCell},
  Column{"read_roof_bytes_per_s", number<&Record::read_roof_bytes_per_s>, "", kNoCell},
  Column{"seed", whole<&Record::seed>, "", kNoCell},
  Column{"schema_version", whole<&Record::schema_version>, "", kNoCell},
  Column{"repro", text<&Record::repro>, "", kNoCell},
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
