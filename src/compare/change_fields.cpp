#include "compare/change_fields.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "report/codecs.h"
#include "report/describe.h"
#include "report/shared_fields.h"

namespace twofour::compare {
namespace {

using report::Cells;
using report::Choice;
using report::derived;
using report::Ends;
using report::Field;
using report::Json;
using report::JsonField;
using report::member;
using report::Name;
using report::NotNegative;
using report::Object;
using report::OptionalObject;
using report::Text;
using report::Texts;
using report::Whole;

constexpr char kChangeType[] = "change";

struct Version : Whole<int, kChangeVersion, kChangeVersion> {
  static Json schema() { return {{"const", kChangeVersion}}; }
};

/// A word, or null where the question cannot be asked.
struct OptionalWord : report::Leaf {
  using Words = Choice<kWordNames>;
  using Value = std::optional<Word>;
  static std::string allowed() { return Words::allowed() + " or null"; }
  static Json write(const Value& word, int version) {
    return word ? Words::write(*word, version) : Json(nullptr);
  }
  static Value read(const JsonField& field, int version) {
    return field.json().is_null() ? Value() : Words::read(field, version);
  }
  static Json schema() {
    Json names = Words::names();
    names.push_back(nullptr);
    return {{"enum", names}};
  }
  static void cells(const Value* word, Cells& cells) {
    Words::cells(word != nullptr && *word ? &**word : nullptr, cells);
  }
};

struct OptionalCount : report::Leaf {
  using Count = Whole<std::int64_t, 0>;
  using Value = std::optional<std::int64_t>;
  static std::string allowed() { return Count::allowed() + " or null"; }
  static Json write(const Value& count, int /*version*/) {
    return count ? Json(*count) : Json(nullptr);
  }
  static Value read(const JsonField& field, int version) {
    return field.json().is_null() ? Value() : Count::read(field, version);
  }
  static Json schema() { return {{"type", {"integer", "null"}}, {"minimum", 0}}; }
  static void cells(const Value* count, Cells& cells) {
    Count::cells(count != nullptr && *count ? &**count : nullptr, cells);
  }
};

/// To nine digits: what comes of logarithms has no more that all machines agree on.
double rounded(double value) {
  return std::isfinite(value) ? std::stod(fmt::format("{:.9g}", value)) : value;
}

struct Rounded : NotNegative {
  static Json write(double value, int version) {
    return NotNegative::write(rounded(value), version);
  }
  static void cells(const double* value, Cells& cells) {
    const double nine = value == nullptr ? 0 : rounded(*value);
    NotNegative::cells(value == nullptr ? nullptr : &nine, cells);
  }
};

struct RoundedEnds : Ends {
  static Json write(const Interval& ends, int version) {
    return Ends::write({rounded(ends.low), rounded(ends.high)}, version);
  }
  static void cells(const Interval* ends, Cells& cells) {
    const Interval nine =
        ends == nullptr ? Interval{} : Interval{rounded(ends->low), rounded(ends->high)};
    Ends::cells(ends == nullptr ? nullptr : &nine, cells);
  }
};

struct OptionalFactor : report::OptionalNotNegative {
  static Json write(const Value& value, int version) {
    return value ? Rounded::write(*value, version) : Json(nullptr);
  }
  static void cells(const Value* value, Cells& cells) {
    Rounded::cells(value != nullptr && *value ? &**value : nullptr, cells);
  }
};

/// All lines of one cell.
struct Notes : Texts {
  static void cells(const Value* notes, Cells& cells) {
    std::string text;
    if (notes != nullptr) {
      for (const std::string& note : *notes) text += (text.empty() ? "" : "; ") + note;
    }
    cells.push_back(std::move(text));
  }
};

std::string line_type(const Change& /*change*/) { return kChangeType; }
int line_version(const Change& /*change*/) { return kChangeVersion; }

// clang-format off
/// The quantities have the same members, in columns of other names.
template <Question kOf>
std::span<const Field<Shift>> shift_fields() {
  using S = Shift;
  constexpr auto of = [](std::string_view time, std::string_view ratio, std::string_view energy) {
    return kOf == Question::kTime ? time : kOf == Question::kRatio ? ratio : energy;
  };
  static constexpr std::array kFields{
    member<Rounded, &S::old_value>({.name = "old", .unit = of("s", "", "J"), .meaning = "of OLD: the median, of several runs the geometric mean of theirs", .csv = {of("old_s", "old_ratio", "old_j")}}),
    member<Rounded, &S::new_value>({.name = "new", .unit = of("s", "", "J"), .meaning = "of NEW", .csv = {of("new_s", "new_ratio", "new_j")}}),
    member<Rounded, &S::change>({.name = "change", .meaning = "NEW over OLD", .csv = {of("time_change", "ratio_change", "energy_change")}}),
    member<RoundedEnds, &S::interval>({.name = "interval", .meaning = "[low, high] of the change; null: without end", .csv = {of("time_low", "ratio_low", "energy_low"), of("time_high", "ratio_high", "energy_high")}}),
    member<RoundedEnds, &S::sure_interval>({.name = "sure_interval", .meaning = "the same, at a confidence that allows for how many rows are compared", .csv = {of("time_sure_low", "ratio_sure_low", "energy_sure_low"), of("time_sure_high", "ratio_sure_high", "energy_sure_high")}}),
    member<Whole<std::int64_t, 0>, &S::old_samples>({.name = "old_samples", .meaning = "how many, of several runs the fewest", .csv = {of("old_samples", "old_rounds", "old_blocks")}}),
    member<Whole<std::int64_t, 0>, &S::new_samples>({.name = "new_samples", .meaning = "likewise", .csv = {of("new_samples", "new_rounds", "new_blocks")}}),
    member<Choice<kWordNames>, &S::word>({.name = "word", .meaning = "`FASTER`, `SLOWER`, `SAME` or `UNCLEAR`", .csv = {of("time_word", "ratio_word", "energy_word")}}),
    member<OptionalCount, &S::samples_to_decide>({.name = "samples_to_decide", .meaning = "`UNCLEAR`: how many samples a run should have, roughly; `null`: decided, or more samples would not do", .csv = {of("samples_to_decide", "rounds_to_decide", "blocks_to_decide")}}),
  };
  return kFields;
}

std::span<const Field<ClockShift>> clock_fields() {
  using C = ClockShift;
  static constexpr std::array kFields{
    member<NotNegative, &C::old_mhz>({.name = "old_mhz", .unit = "MHz", .meaning = "beside the measurements of OLD; of a GPU the effective clock of its multiprocessors", .csv = {"old_core_mhz"}}),
    member<NotNegative, &C::new_mhz>({.name = "new_mhz", .unit = "MHz", .meaning = "beside those of NEW", .csv = {"new_core_mhz"}}),
    member<Rounded, &C::cycles_change>({.name = "cycles_change", .meaning = "change of time x clock, NEW over OLD", .csv = {"cycles_change"}}),
  };
  return kFields;
}

}  // namespace

std::span<const Field<Change>> change_fields() {
  using C = Change;
  static constexpr std::array kFields{
    derived<C, report::Constant<kChangeType>, line_type>({.name = "type", .meaning = "\"change\""}),
    derived<C, Version, line_version>({.name = "schema_version", .meaning = "1"}),
    member<OptionalWord, &C::word>({.name = "word", .meaning = "of the row, on the question that `--on` asks; `null` where it cannot be asked of this row", .csv = {"word"}}),
    member<Text, &C::model>({.name = "model", .meaning = "of `model_bench`; else empty", .csv = {"model"}}),
    member<Text, &C::layer>({.name = "layer", .meaning = "likewise", .csv = {"layer"}}),
    member<Whole<int, 1>, &C::tensor_parallel>({.name = "tensor_parallel", .meaning = "T of `--tp-sizes`", .csv = {"tensor_parallel"}}),
    member<Object<GemmProblem, report::problem_fields>, &C::problem>({.name = "problem", .meaning = "what was computed"}),
    member<Text, &C::provider>({.name = "provider", .meaning = "the library", .csv = {"provider"}}),
    member<Text, &C::kernel>({.name = "kernel", .meaning = "its name", .csv = {"kernel"}}),
    member<Choice<kCacheModeNames>, &C::cache>({.name = "cache", .meaning = "`cold` or `hot`", .csv = {"cache"}}),
    member<Text, &C::device>({.name = "device", .meaning = "what computed; that of NEW where the two differ", .csv = {"device_name"}}),
    member<Whole<int, 0>, &C::old_runs>({.name = "old_runs", .meaning = "measurements of this row in OLD", .csv = {"old_runs"}}),
    member<Whole<int, 0>, &C::new_runs>({.name = "new_runs", .meaning = "and in NEW", .csv = {"new_runs"}}),
    member<OptionalObject<Shift, shift_fields<Question::kTime>>, &C::time>({.name = "time", .meaning = "of one launch; `null` where one side has none"}),
    member<OptionalObject<Shift, shift_fields<Question::kRatio>>, &C::ratio>({.name = "ratio", .meaning = "speed-up of a 2:4 kernel over the best dense one, above 1 it is faster; `null` for a dense one"}),
    member<report::PresentObject<Shift, shift_fields<Question::kEnergy>>, &C::energy>({.name = "energy", .meaning = "of one launch under sustained load; absent where one side has none", .optional = true}),
    member<OptionalObject<ClockShift, clock_fields>, &C::clock>({.name = "clock", .meaning = "of the device's cores; `null` where a side could not read it"}),
    member<OptionalFactor, &C::beyond_common>({.name = "beyond_common", .meaning = "change of the time over the change that all rows have in common; `null` where there are too few rows", .csv = {"beyond_common"}}),
    member<Text, &C::reason>({.name = "reason", .meaning = "why there is no shift; empty where there is one", .csv = {"reason"}}),
    member<Notes, &C::notes>({.name = "notes", .meaning = "list of texts: what else changed in this row, such as the algorithm or a flag", .csv = {"notes"}}),
  };
  return kFields;
}
// clang-format on

std::string changes_jsonl(std::span<const Change> changes) {
  std::string text;
  for (const Change& change : changes) {
    // Bytes that are not UTF-8 become U+FFFD, numbers that are not finite null.
    text += report::write_fields(change_fields(), change, kChangeVersion)
                .dump(-1, ' ', false, Json::error_handler_t::replace) +
            "\n";
  }
  return text;
}

std::string changes_csv(std::span<const Change> changes) {
  std::vector<Cells> rows;
  rows.reserve(changes.size());
  for (const Change& change : changes) rows.push_back(report::cells_of(change_fields(), change));
  return report::csv_text(report::list_of(change_fields()), rows);
}

std::string change_schema() {
  return report::object_schema_text(
      "A change between two sets of runs of twofour (docs/compare.md)",
      report::list_of(change_fields()));
}

}  // namespace twofour::compare
