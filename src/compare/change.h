// What became of one row between two sets of runs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/named.h"
#include "core/record.h"

namespace twofour::compare {

enum class Word : std::uint8_t {
  kBroken,        ///< was measured; now failed, incorrect or unsupported
  kSlower,        ///< the whole interval of the change lies beyond the threshold
  kMissing,       ///< was measured, and is not there any more
  kUnclear,       ///< none of SLOWER, FASTER and SAME
  kIncomparable,  ///< what was measured differs in more than the code
  kFaster,        ///< as kSlower
  kFixed,         ///< the inverse of kBroken
  kNew,           ///< was not there, or not measured, before
  kSame,          ///< the whole interval of the change lies within the threshold
};

inline constexpr NameTable<Word, 9> kWordNames{{
    {Word::kBroken, "BROKEN"},
    {Word::kSlower, "SLOWER"},
    {Word::kMissing, "MISSING"},
    {Word::kUnclear, "UNCLEAR"},
    {Word::kIncomparable, "INCOMPARABLE"},
    {Word::kFaster, "FASTER"},
    {Word::kFixed, "FIXED"},
    {Word::kNew, "NEW"},
    {Word::kSame, "SAME"},
}};

constexpr std::string_view to_string(Word word) { return name_in(kWordNames, word); }

/// What a word may be about, and `--on` chooses.
enum class Question : std::uint8_t {
  kTime,    ///< of one launch
  kRatio,   ///< speed-up of a 2:4 kernel over the best dense one
  kEnergy,  ///< joules of one launch under sustained load
};

inline constexpr NameTable<Question, 3> kQuestionNames{{
    {Question::kTime, "time"},
    {Question::kRatio, "ratio"},
    {Question::kEnergy, "energy"},
}};

constexpr std::string_view to_string(Question question) {
  return name_in(kQuestionNames, question);
}

/// How a quantity changed: a time in seconds, a speed-up, or an energy in joules.
struct Shift {
  double old_value = 0;
  double new_value = 0;
  double change = 1;       ///< NEW over OLD
  Interval interval;       ///< of it, at 95 % confidence
  Interval sure_interval;  ///< of it, at a confidence that allows for how many rows are compared
  std::int64_t old_samples = 0;  ///< the fewest of a run
  std::int64_t new_samples = 0;
  Word word = Word::kUnclear;  ///< kSlower, kFaster, kSame or kUnclear
  /// UNCLEAR: how many samples a run should have; nothing where no number would do.
  std::optional<std::int64_t> samples_to_decide;
  bool operator==(const Shift&) const = default;
};

/// Of the device's core clock beside the measurements.
struct ClockShift {
  double old_mhz = 0;
  double new_mhz = 0;
  double cycles_change = 1;  ///< NEW over OLD of time x clock
  bool operator==(const ClockShift&) const = default;
};

/// A member of it is a row of change_fields.cpp.
struct Change {
  /// Of the row, on the question that was asked; nothing where that cannot be asked of the row, as
  /// the speed-up of a dense kernel.
  std::optional<Word> word;
  GemmProblem problem;
  SharedText provider;
  SharedText kernel;
  CacheMode cache = CacheMode::kCold;
  SharedText device;  ///< its name; of NEW where the two differ
  SharedText model;
  SharedText layer;
  int tensor_parallel = 1;
  int old_runs = 0;  ///< measurements of this row
  int new_runs = 0;
  Boxed<Shift> time;
  Boxed<Shift> ratio;
  Boxed<Shift> energy;
  std::optional<ClockShift> clock;
  /// Change of the time over the change that all rows have in common.
  std::optional<double> beyond_common;
  SharedText reason;               ///< why there is no shift; empty where there is one
  std::vector<std::string> notes;  ///< what else changed, for people
  bool operator==(const Change&) const = default;
};

/// The shift that a question is about; nothing where it cannot be asked of the row.
inline const Boxed<Shift>& asked(const Change& change, Question question) {
  if (question == Question::kRatio) return change.ratio;
  return question == Question::kEnergy ? change.energy : change.time;
}

}  // namespace twofour::compare
