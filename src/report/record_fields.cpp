// The members of a record, one row each. Their order is that of the .jsonl.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "core/record.h"
#include "report/codecs.h"
#include "report/shared_fields.h"

namespace twofour::report {
namespace {

constexpr char kLabelPattern[] = "^scaled-torch\\.[a-z0-9_]+-gemm$";
constexpr char kSubLabelPattern[] = "^MKN=\\([0-9]+x[0-9]+x[0-9]+\\)$";

struct ScaleName : Leaf {
  using Value = ScaleScheme;
  static constexpr std::array<std::string_view, 5> kNames{"none", "tensor", "token", "channel",
                                                          "token-channel"};
  static std::string allowed() { return choices_allowed(kNames); }
  static Json write(ScaleScheme scheme, int /*version*/) { return to_string(scheme); }
  static ScaleScheme read(const JsonField& field, int /*version*/) {
    return parse_scale_scheme(kNames[read_choice(field, kNames)]).value();
  }
  static Json schema() { return {{"enum", kNames}}; }
  static void cells(const ScaleScheme* scheme, Cells& cells) {
    cells.emplace_back(scheme == nullptr ? std::string_view() : to_string(*scheme));
  }
};

struct FlagNames : Leaf {
  using Value = std::vector<Flag>;
  static std::vector<std::string_view> names() {
    std::vector<std::string_view> names;
    names.reserve(kFlags.size());
    for (const FlagInfo& flag : kFlags) names.push_back(flag.name);
    return names;
  }
  static std::string allowed() { return "a list of " + choices_allowed(names()); }
  static Json write(const Value& flags, int /*version*/) {
    Json list = Json::array();
    for (const Flag flag : flags) list.push_back(to_string(flag));
    return list;
  }
  static Value read(const JsonField& field, int /*version*/) {
    field.require(field.json().is_array(), allowed());
    Value flags;
    flags.reserve(field.json().size());
    for (std::size_t i = 0; i < field.json().size(); ++i) {
      flags.push_back(kFlags[read_choice(field.entry(i), names())].flag);
    }
    return flags;
  }
  static Json schema() { return {{"type", "array"}, {"items", {{"enum", names()}}}}; }
  static void cells(const Value* flags, Cells& cells) {
    std::string text;
    if (flags != nullptr) {
      for (const Flag flag : *flags) {
        if (!text.empty()) text += ' ';
        text += to_string(flag);
      }
    }
    cells.push_back(std::move(text));
  }
};

/// Algorithms by name; never an empty list in what a run writes.
struct Algorithms : Texts {
  static Json schema() { return {{"type", "array"}, {"items", Name::schema()}, {"minItems", 1}}; }
};

struct SomeTexts : Texts {
  static Json schema() { return {{"type", "array"}, {"items", Name::schema()}, {"minItems", 1}}; }
};

/// Objects that have the members of `kFields`, never none; without columns.
template <class T, std::span<const Field<T>> (*kFields)()>
struct ObjectList {
  using Item = Object<T, kFields>;
  using Value = std::vector<T>;
  static std::string allowed() { return "a list of objects"; }
  static Json write(const Value& items, int version) {
    Json list = Json::array();
    for (const T& item : items) list.push_back(Item::write(item, version));
    return list;
  }
  static Value read(const JsonField& field, int version) {
    field.require(field.json().is_array(), allowed());
    Value items;
    items.reserve(field.json().size());
    for (std::size_t i = 0; i < field.json().size(); ++i) {
      items.push_back(Item::read(field.entry(i), version));
    }
    return items;
  }
  static FieldList inner() { return Item::inner(); }
  static Json schema() { return {{"type", "array"}, {"items", Item::schema()}, {"minItems", 1}}; }
  static void cells(const Value* /*value*/, Cells& cells) { cells.emplace_back(); }
};

/// A share that is absent where there is none.
struct PresentShare : OptionalNumber {
  static Json schema() { return {{"type", "number"}, {"minimum", 0}, {"maximum", 1}}; }
};

/// How many there are, absent where that is not known.
struct PresentCount : Leaf {
  using Value = std::optional<std::int64_t>;
  using One = Whole<std::int64_t, 1>;
  static std::string allowed() { return One::allowed(); }
  static Json write(const Value& value, int version) {
    return value ? One::write(*value, version) : Json(nullptr);
  }
  static Value read(const JsonField& field, int version) { return One::read(field, version); }
  static Json schema() { return One::schema(); }
  static void cells(const Value* value, Cells& cells) {
    One::cells(value != nullptr && *value ? &**value : nullptr, cells);
  }
};

/// Absent where it is not so.
struct PresentIfSo : YesOrNo {
  static Json schema() { return {{"enum", {true}}}; }
};

/// A number of things that is absent where it is not known.
struct PresentNumber : OptionalNumber {
  static Json schema() { return {{"type", "number"}, {"minimum", 0}}; }
};

struct PositiveShare : Number {
  static Json schema() { return {{"type", "number"}, {"exclusiveMinimum", 0}}; }
};

std::string line_type(const Record& /*record*/) { return kRecordType; }

// clang-format off
std::span<const Field<GemmShape>> executed_fields() {
  static constexpr std::array kFields{
    member<Whole<std::int64_t, 0>, &GemmShape::m>({.name = "m", .meaning = "rows of A and D", .csv = {"executed_m"}}),
    member<Whole<std::int64_t, 0>, &GemmShape::k>({.name = "k", .meaning = "columns of A, rows of B", .csv = {"executed_k"}}),
    member<Whole<std::int64_t, 0>, &GemmShape::n>({.name = "n", .meaning = "columns of B and D", .csv = {"executed_n"}}),
  };
  return kFields;
}

std::span<const Field<Outcome>> outcome_fields() {
  static constexpr std::array kFields{
    member<Choice<kOutcomeNames>, &Outcome::kind>({.name = "kind", .meaning = "[below](#outcomes)", .csv = {"outcome"}}),
    member<Text, &Outcome::reason>({.name = "reason", .meaning = "why, for all kinds but `ok`", .csv = {"reason"}}),
  };
  return kFields;
}

std::span<const Field<CacheState>> cache_fields() {
  using C = CacheState;
  static constexpr std::array kFields{
    member<Choice<kCacheModeNames>, &C::mode>({.name = "mode", .meaning = "`cold`: weights out of cache when a launch starts; `hot`: where the last launch left them", .csv = {"cache"}}),
    member<Choice<kCacheMethodNames>, &C::method>({.name = "method", .meaning = "`rotate`: launches go round copies of the packed weights; `flush`: their cache lines are flushed before each launch; `none`", .csv = {"cache_method"}}),
    member<Whole<int, 0>, &C::copies>({.name = "copies", .meaning = "of the packed weights", .csv = {"cache_copies"}}),
    member<Unsigned, &C::bytes_per_copy>({.name = "bytes_per_copy", .unit = "bytes", .meaning = "packed weights that one launch reads", .csv = {"bytes_per_copy"}}),
    member<OptionalSize, &C::last_level_cache_bytes>({.name = "last_level_cache_bytes", .unit = "bytes", .meaning = "the size that was used; `null`: not known, or it did not come to that", .csv = {"last_level_cache_bytes"}}),
    member<Choice<kResidencyNames>, &C::residency>({.name = "residency", .meaning = "`fits`: dense weights fit in the last-level cache; `cliff`: only the 2:4 weights do, so a hot ratio compares cache with memory; `spills`: neither do; empty: not known", .csv = {"residency"}}),
  };
  return kFields;
}

/// The member is absent where it is the usual one.
struct UnusualAccumulation : Choice<kAccumulationNames> {
  static Json schema() {
    return {{"enum",
             {to_string(Accumulation::kFp8Fast), to_string(Accumulation::kOutputParts),
              to_string(Accumulation::kBiasAfterRounding)}}};
  }
};

std::span<const Field<Accuracy>> accuracy_fields() {
  using A = Accuracy;
  static constexpr std::array kFields{
    member<ErrorSize, &A::max_error>({.name = "max_error", .meaning = "largest absolute error", .csv = {"max_error"}}),
    member<ErrorSize, &A::max_error_ratio>({.name = "max_error_ratio", .meaning = "largest error as a share of its tolerance: at most 1 is right", .csv = {"max_error_ratio"}}),
    member<Share, &A::share_checked>({.name = "share_checked", .meaning = "of the M x N elements, from 0 to 1", .csv = {"share_checked"}}),
    member<YesOrNo, &A::exact>({.name = "exact", .meaning = "whether the comparison was bit for bit", .csv = {"exact"}}),
    member<UnusualAccumulation, &A::accumulation>({.name = "accumulation", .meaning = "what the tolerance allows for: `fp8_fast`, `output_parts` or `bias_after_rounding` ([verification.md](verification.md)); absent where it is `wide`: sums in int32 or float32", .csv = {"accumulation"}, .optional = true}),
  };
  return kFields;
}

std::span<const Field<Summary>> summary_fields() {
  using S = Summary;
  static constexpr std::array kFields{
    member<NotNegative, &S::median_s>({.name = "median_s", .unit = "s", .meaning = "of one launch, on the device", .csv = {"median_s"}}),
    member<Ends, &S::median_interval_s>({.name = "median_interval_s", .unit = "s", .meaning = "[low, high] of the median; [`null`, `null`] of fewer than 6 samples", .csv = {"median_low_s", "median_high_s"}}),
    member<NotNegative, &S::mean_s>({.name = "mean_s", .unit = "s", .meaning = "", .csv = {"mean_s"}, .after = "residency"}),
    member<NotNegative, &S::std_s>({.name = "std_s", .unit = "s", .meaning = "standard deviation", .csv = {"std_s"}, .after = "mean_s"}),
    member<NotNegative, &S::min_s>({.name = "min_s", .unit = "s", .meaning = "", .csv = {"min_s"}}),
    member<NotNegative, &S::host_median_s>({.name = "host_median_s", .unit = "s", .meaning = "of starting one launch", .csv = {"host_median_s"}}),
    member<Whole<std::int64_t, 0>, &S::samples>({.name = "samples", .meaning = "how many", .csv = {"samples"}}),
  };
  return kFields;
}

std::span<const Field<Ratio>> ratio_fields() {
  static constexpr std::array kFields{
    member<NotNegative, &Ratio::value>({.name = "value", .meaning = "time of the baseline over the time of this kernel, paired round by round: above 1 this kernel is faster", .csv = {"value"}}),
    member<Ends, &Ratio::interval>({.name = "interval", .meaning = "[low, high]; [`null`, `null`] with fewer than 6 rounds", .csv = {"low", "high"}}),
    member<Choice<kVerdictNames>, &Ratio::verdict>({.name = "verdict", .meaning = "`WIN` or `LOSS` where the interval excludes 1, `TIE` where it lies within 0.99 to 1.01, else (and with fewer than 6 rounds) `INCONCLUSIVE`", .csv = {"verdict"}}),
  };
  return kFields;
}

std::span<const Field<Sustained>> sustained_fields() {
  using S = Sustained;
  static constexpr std::array kFields{
    member<Name, &S::reason>({.name = "reason", .meaning = "why there is nothing below; absent where there is", .csv = {"sustained_reason"}, .optional = true}),
    member<OptionalNotNegative, &S::median_s>({.name = "median_s", .unit = "s", .meaning = "of one launch, on the device, over the blocks", .csv = {"sustained_median_s"}}),
    member<OptionalNotNegative, &S::median_j>({.name = "median_j", .unit = "J", .meaning = "of one launch, for the whole device with its idle power, over the blocks; `null`: the device does not count", .csv = {"joules"}}),
    member<OptionalNotNegative, &S::watts>({.name = "watts", .unit = "W", .meaning = "joules over seconds, over all blocks", .csv = {"watts"}}),
    member<PresentNumber, &S::effective_sm_mhz>({.name = "effective_sm_mhz", .unit = "MHz", .meaning = "as in `clocks`, over the blocks; absent where it was not measured", .csv = {"sustained_effective_sm_mhz"}, .optional = true}),
    member<OptionalObject<Ratio, ratio_fields>, &S::vs_dense>({.name = "vs_dense", .meaning = "ratio to `baseline` in blocks that came in turns; `null` in the row of the baseline", .csv = {"sustained_vs_dense", "sustained_vs_dense_low", "sustained_vs_dense_high", "sustained_verdict"}}),
    member<OptionalObject<Ratio, ratio_fields>, &S::energy_vs_dense>({.name = "energy_vs_dense", .meaning = "joules of `baseline` over joules of this kernel: above 1 this kernel takes less", .csv = {"energy_vs_dense", "energy_vs_dense_low", "energy_vs_dense_high", "energy_verdict"}}),
    member<Numbers, &S::launch_s>({.name = "launch_s", .unit = "s", .meaning = "for one launch, a value for each block; entry i of the two kernels of a pair belongs together"}),
    member<Numbers, &S::launch_j>({.name = "launch_j", .unit = "J", .meaning = "likewise; empty where the device does not count"}),
  };
  return kFields;
}

std::span<const Field<RoundEnergy>> energy_fields() {
  using E = RoundEnergy;
  static constexpr std::array kFields{
    member<Text, &E::source>({.name = "source", .meaning = "the counters: RAPL's of the packages of the processors that compute, and of the DRAM beside them where there are such; all of a package, with its idle power and what other processes use", .csv = {"round_energy_source"}}),
    member<Name, &E::reason>({.name = "reason", .meaning = "why there is nothing below, such as samples of less than 10 ms; absent where there is", .csv = {"round_energy_reason"}, .optional = true}),
    member<PresentNumber, &E::launch_j>({.name = "launch_j", .unit = "J", .meaning = "joules over launches, of all samples together; absent with a reason, as the rest", .csv = {"round_joules"}, .optional = true}),
    member<PresentNumber, &E::watts>({.name = "watts", .unit = "W", .meaning = "joules over seconds", .csv = {"round_watts"}, .optional = true}),
    member<PresentNumber, &E::counted_s>({.name = "counted_s", .unit = "s", .meaning = "of all samples together", .optional = true}),
    member<PresentNumber, &E::vs_dense>({.name = "vs_dense", .meaning = "joules of `baseline` over joules of this kernel: above 1 this kernel takes less. Of sums, so without interval and verdict; absent in the row of the baseline too", .csv = {"round_energy_vs_dense"}, .optional = true}),
  };
  return kFields;
}

std::span<const Field<SurveyedLayer>> surveyed_fields() {
  using S = SurveyedLayer;
  static constexpr std::array kFields{
    member<Whole<std::int64_t, 0>, &S::decoder_layer>({.name = "decoder_layer", .meaning = "from 0"}),
    member<PresentShare, &S::retained_energy>({.name = "retained_energy", .meaning = "as above, as the two that follow; absent with a reason", .optional = true}),
    member<PresentNumber, &S::pruning_error>({.name = "pruning_error", .meaning = "", .optional = true}),
    member<PresentNumber, &S::quantisation_error>({.name = "quantisation_error", .meaning = "", .optional = true}),
    member<Name, &S::reason>({.name = "reason", .meaning = "why there are no numbers; absent where there are", .optional = true}),
  };
  return kFields;
}

std::span<const Field<RealWeights>> real_weights_fields() {
  using W = RealWeights;
  static constexpr std::array kFields{
    member<SomeTexts, &W::tensors>({.name = "tensors", .meaning = "what was read, as \"FILE: TENSOR\", and which rows and columns of it where not all were"}),
    member<Name, &W::stored>({.name = "stored", .meaning = "type and form in the file"}),
    member<Choice<kWeightMaskNames>, &W::mask>({.name = "mask", .meaning = "which two of four stay: `stored`: the file is 2:4 already; `magnitude`: the two largest; `none`: the kernel is dense", .csv = {"mask"}}),
    member<Name, &W::activations>({.name = "activations", .meaning = "where the activations X came from"}),
    member<Whole<std::int64_t, 1>, &W::rows>({.name = "rows", .meaning = "of X, for `pruning_error` and `quantisation_error`"}),
    member<Share, &W::columns_share>({.name = "columns_share", .meaning = "of the N output channels, those that these two were computed for"}),
    member<PresentShare, &W::retained_energy>({.name = "retained_energy", .meaning = "sum of the squares of the weights that stay, over all; absent where all do", .csv = {"retained_energy"}, .optional = true}),
    member<PresentNumber, &W::pruning_error>({.name = "pruning_error", .meaning = "of the output, by pruning, over the norm of XW; absent for a dense kernel", .csv = {"pruning_error"}, .optional = true}),
    member<PresentNumber, &W::quantisation_error>({.name = "quantisation_error", .meaning = "of the output, by quantising weights and activations after that", .csv = {"quantisation_error"}, .optional = true}),
    member<PresentNumber, &W::arithmetic_error>({.name = "arithmetic_error", .meaning = "of the output, by this kernel's arithmetic and the rounding of D; absent where it was not launched, and with a bias", .csv = {"arithmetic_error"}, .optional = true}),
    member<PresentCount, &W::decoder_layers>({.name = "decoder_layers", .meaning = "that have such a layer; absent where none was surveyed", .optional = true}),
    member<ObjectList<SurveyedLayer, surveyed_fields>, &W::survey>({.name = "survey", .meaning = "of each of them that was looked at in time, with fewer output channels than the errors above; absent where none was", .optional = true}),
  };
  return kFields;
}

std::span<const Field<ClockSample>> clock_fields() {
  using C = ClockSample;
  static constexpr std::array kFields{
    member<OptionalNotNegative, &C::core_mhz>({.name = "core_mhz", .unit = "MHz", .meaning = "of a CPU measured; of a GPU what the driver calls the SM clock, which is above the one that its multiprocessors have under load ([measurement.md](measurement.md#clocks)): nothing is derived from it", .csv = {"core_mhz"}}),
    member<PresentNumber, &C::effective_sm_mhz>({.name = "effective_sm_mhz", .unit = "MHz", .meaning = "of a GPU, while this row's samples were taken: cycles of its multiprocessors over time, the median over samples; absent where it was not measured", .csv = {"effective_sm_mhz"}, .optional = true}),
    member<OptionalNotNegative, &C::memory_mhz>({.name = "memory_mhz", .unit = "MHz", .meaning = "", .csv = {"memory_mhz"}}),
    member<OptionalNotNegative, &C::power_w>({.name = "power_w", .unit = "W", .meaning = "", .csv = {"power_w"}}),
    member<OptionalNumber, &C::temperature_c>({.name = "temperature_c", .unit = "degrees Celsius", .meaning = "", .csv = {"temperature_c"}}),
    member<OptionalText, &C::throttle_reasons>({.name = "throttle_reasons", .meaning = "empty: none; `null`: not readable (an empty text in earlier files)", .csv = {"throttle_reasons"}}),
    member<PresentShare, &C::quota_throttled_share>({.name = "quota_throttled_share", .meaning = "of the periods of a CPU quota (cgroup), those in which it stopped this process, from 0 to 1; absent without a quota", .csv = {"quota_throttled_share"}, .optional = true}),
    member<PresentShare, &C::foreign_share>({.name = "foreign_share", .meaning = "of the time of the processors that compute, while the case was sampled: other processes ran there, from 0 to 1; of a GPU whose processes cannot be seen, the share of an idle second before the first case in which kernels of others ran; absent where that cannot be told", .csv = {"foreign_share"}, .optional = true}),
    member<PresentShare, &C::steal_share>({.name = "steal_share", .meaning = "the same: the host of a virtual machine ran another one", .csv = {"steal_share"}, .optional = true}),
    member<PresentNumber, &C::foreign_processes>({.name = "foreign_processes", .meaning = "other processes that compute on the GPU; absent where they cannot be seen, as from within a container", .csv = {"foreign_processes"}, .optional = true}),
  };
  return kFields;
}

std::span<const Field<Phases>> phase_fields() {
  using P = Phases;
  static constexpr std::array kFields{
    member<NotNegative, &P::operands_s>({.name = "operands_s", .unit = "s", .meaning = "drawing, quantising and pruning the operands", .csv = {"operands_s"}}),
    member<NotNegative, &P::reference_s>({.name = "reference_s", .unit = "s", .meaning = "computing the reference", .csv = {"reference_s"}}),
    member<NotNegative, &P::prepare_s>({.name = "prepare_s", .unit = "s", .meaning = "packing, compressing, copying to the device", .csv = {"prepare_s"}}),
    member<NotNegative, &P::plan_s>({.name = "plan_s", .unit = "s", .meaning = "searching algorithms", .csv = {"plan_s"}}),
    member<NotNegative, &P::verify_s>({.name = "verify_s", .unit = "s", .meaning = "comparing with the reference", .csv = {"verify_s"}}),
    member<NotNegative, &P::measure_s>({.name = "measure_s", .unit = "s", .meaning = "launches of this kernel: the verifying ones, which warm it up, and those of sampling with the making of CUDA graphs and with rests", .csv = {"measure_s"}}),
  };
  return kFields;
}

std::span<const Field<Samples>> sample_fields() {
  using S = Samples;
  static constexpr std::array kFields{
    member<Whole<std::int64_t, 0>, &S::launches_per_sample>({.name = "launches_per_sample", .meaning = "how many launches each sample is the mean of", .csv = {"launches_per_sample"}, .after = "samples"}),
    member<Numbers, &S::device_s>({.name = "device_s", .unit = "s", .meaning = "for one launch, in the order in which they were taken; entry i of all rows of a case is from round i, and a row that needed fewer rounds has fewer"}),
    member<Numbers, &S::host_s>({.name = "host_s", .unit = "s", .meaning = "to start one launch; on a CPU the same as `device_s`"}),
    member<PositiveShare, &S::rest_share>({.name = "rest_share", .meaning = "each sample was followed by a rest this share as long ([measurement.md](measurement.md#rests)); absent where there were none", .optional = true}),
  };
  return kFields;
}

std::span<const Field<SearchExtent>> extent_fields() {
  using E = SearchExtent;
  static constexpr std::array kFields{
    member<Choice<kSearchedAmongNames>, &E::among>({.name = "among", .meaning = "which candidates it began with: `all`; `relative`: the finalists of the same problem with another bias or output type; `neighbour`: those of the same weights at another M, beside some others as probes; `equal`: none, the same problem was searched before in this run; `alike`: none, the winner of the same problem with other 16-bit types (of `cuda`, also with another bias) was taken"}),
    member<Whole<std::int64_t, 0>, &E::candidates>({.name = "candidates", .meaning = "that the library offered and nothing ruled out"}),
    member<Whole<std::int64_t, 0>, &E::timed>({.name = "timed", .meaning = "how many of them were timed"}),
    member<PresentCount, &E::neighbour_m>({.name = "neighbour_m", .meaning = "of `neighbour`: the M of the search that was followed; absent otherwise", .optional = true}),
    member<PresentIfSo, &E::widened>({.name = "widened", .meaning = "true where the neighbour's finalists did not hold and the search went on to all candidates; absent otherwise", .optional = true}),
  };
  return kFields;
}

std::span<const Field<ExhaustiveWinner>> exhaustive_fields() {
  using E = ExhaustiveWinner;
  static constexpr std::array kFields{
    member<Text, &E::algorithm>({.name = "algorithm", .meaning = "its winner"}),
    member<NotNegative, &E::ratio>({.name = "ratio", .meaning = "time of `algorithm` of the record over the time of this one, timed in turns; 1 where they are the same"}),
  };
  return kFields;
}

std::span<const Field<Tuning>> tuning_fields() {
  using T = Tuning;
  static constexpr std::array kFields{
    member<Choice<kTuningOriginNames>, &T::origin>({.name = "origin", .meaning = "`searched` in this run; `file`: the winner that the tuning file keeps of an earlier run; `race`: its runner-up, which was faster now", .csv = {"tuning_origin"}}),
    member<Text, &T::found_utc>({.name = "found_utc", .meaning = "when it won, ISO 8601; empty: not known", .csv = {"tuning_found_utc"}}),
    member<NotNegative, &T::seconds>({.name = "seconds", .unit = "s", .meaning = "of one launch, when it won", .csv = {"tuning_seconds"}}),
    member<Text, &T::raced>({.name = "raced", .meaning = "the second best, which it was timed in turns with in this run; empty: none", .csv = {"tuning_raced"}}),
    member<PresentObject<SearchExtent, extent_fields>, &T::extent>({.name = "extent", .meaning = "how far the search went; absent where there was none in this run", .optional = true}),
    member<PresentObject<ExhaustiveWinner, exhaustive_fields>, &T::exhaustive>({.name = "exhaustive", .meaning = "of `--search both`: what an exhaustive search found for the same row; absent otherwise", .optional = true}),
  };
  return kFields;
}

std::span<const Field<Together>> together_fields() {
  using T = Together;
  static constexpr std::array kFields{
    member<Whole<int, 1>, &T::devices>({.name = "devices", .meaning = "that began, this one among them", .csv = {"together_devices"}}),
    member<NotNegative, &T::skew_s>({.name = "skew_s", .unit = "s", .meaning = "between the first of them to begin and the last; of blocks, the most", .csv = {"together_skew_s"}}),
  };
  return kFields;
}

/// Absent where no search decided.
struct PresentTuning : OptionalObject<Tuning, tuning_fields> {
  static Json schema() { return Object<Tuning, tuning_fields>::schema(); }
};

/// All kinds but the first have a reason.
struct OutcomeObject : Object<Outcome, outcome_fields> {
  static Json schema() {
    Json schema = Object::schema();
    schema["if"] = {{"properties", {{"kind", {{"const", "ok"}}}}}};
    schema["then"] = {{"properties", {{"reason", {{"const", ""}}}}}};
    schema["else"] = {{"properties", {{"reason", {{"minLength", 1}}}}}};
    return schema;
  }
};

}  // namespace

std::span<const Field<GemmProblem>> problem_fields() {
  using P = GemmProblem;
  static constexpr std::array kFields{
    member<Whole<std::int64_t, 1>, &P::shape, &GemmShape::m>({.name = "m", .meaning = "rows of A and D", .csv = {"m"}}),
    member<Whole<std::int64_t, 1>, &P::shape, &GemmShape::k>({.name = "k", .meaning = "columns of A, rows of B", .csv = {"k"}}),
    member<Whole<std::int64_t, 1>, &P::shape, &GemmShape::n>({.name = "n", .meaning = "columns of B and D", .csv = {"n"}}),
    member<TypeName, &P::a>({.name = "a_type", .meaning = "of A, the activations", .csv = {"a_type"}}),
    member<TypeName, &P::b>({.name = "b_type", .meaning = "of B, the weights", .csv = {"b_type"}}),
    member<TypeName, &P::d>({.name = "d_type", .meaning = "of D", .csv = {"d_type"}}),
    member<ScaleName, &P::scales>({.name = "scales", .meaning = "`none`, `tensor`, `token` (one per row of A), `channel` (one per column of B) or `token-channel`", .csv = {"scales"}}),
    member<YesOrNo, &P::bias>({.name = "bias", .meaning = "whether a bias is added", .csv = {"bias"}}),
    member<Choice<kSparsityNames>, &P::sparsity>({.name = "sparsity", .meaning = "`dense`, `2:4` or `6:8`", .csv = {"sparsity"}}),
    member<Whole<std::int64_t, 2>, &P::batch>({.name = "batch", .meaning = "GEMMs of this shape that one call of the library multiplies (strided-batched), each with an A, weights and a D of its own; absent where it is 1", .optional = true}),
  };
  return kFields;
}

std::span<const Field<Record>> record_fields() {
  using R = Record;
  static constexpr std::array kFields{
    derived<R, Constant<kRecordType>, line_type>({.name = "type", .meaning = "\"record\""}),
    member<SchemaVersion, &R::schema_version>({.name = "schema_version", .meaning = "2", .csv = {"schema_version"}, .after = "seed"}),
    member<Choice<kBenchModeNames>, &R::mode>({.name = "mode", .meaning = "`square_bench`, `range_bench` or `model_bench`", .csv = {"mode"}}),
    member<TypeName, &R::dtype>({.name = "dtype", .meaning = "the `--dtype` of the run; 16-bit kernels that an 8-bit run compares with have the type of the run here", .csv = {"dtype"}}),
    derived<R, Patterned<kLabelPattern>, label>({.name = "label", .meaning = "\"scaled-torch.int8-gemm\", as vLLM's sparse_benchmarks.py wrote it", .csv = {"label"}}),
    derived<R, Patterned<kSubLabelPattern>, sub_label>({.name = "sub_label", .meaning = "\"MKN=(MxKxN)\", likewise", .csv = {"sub_label"}}),
    member<Whole<int, 0>, &R::case_index>({.name = "case_index", .meaning = "from 0: the rows of one problem of one run share it", .csv = {"case_index"}}),
    member<Text, &R::model>({.name = "model", .meaning = "of `model_bench`: \"meta-llama/Llama-3-8b\"; else empty", .csv = {"model"}}),
    member<Text, &R::layer>({.name = "layer", .meaning = "of `model_bench`: `qkv`, `o`, `gate_up`, `down` and others ([models.md](models.md)); else empty", .csv = {"layer"}}),
    member<Whole<int, 1>, &R::tensor_parallel>({.name = "tensor_parallel", .meaning = "T of `--tp-sizes`; the shape is already divided by it", .csv = {"tensor_parallel"}}),
    member<PresentCount, &R::tokens>({.name = "tokens", .meaning = "of one forward pass, of `--batch-sizes`: M, but for one of several experts; absent where it is not known", .csv = {"tokens"}, .optional = true}),
    member<PresentCount, &R::instances>({.name = "instances", .meaning = "weights of this shape in one device's part of the model: its layers, times all experts; absent where it is not known", .csv = {"instances"}, .optional = true}),
    member<PresentCount, &R::calls>({.name = "calls", .meaning = "GEMMs of this shape that a forward pass of `tokens` tokens runs on one device: its layers, times the experts that the tokens reach ([models.md](models.md#mixtures-of-experts)); absent where it is not known", .csv = {"calls"}, .optional = true}),
    member<PresentIfSo, &R::prefill_only>({.name = "prefill_only", .meaning = "`true`: a decoding step runs no such GEMM, and `calls` is of a prefill; absent where it runs in both", .optional = true}),
    member<PresentCount, &R::experts>({.name = "experts", .meaning = "GEMMs of one launch, one after another or, where `problem.batch` is as many, in one call of the library, each with weights of its own: those of all experts that the tokens reach ([models.md](models.md#mixtures-of-experts)), and `calls` counts such launches; absent where a launch is one GEMM", .csv = {"experts"}, .optional = true}),
    member<UnusualPattern, &R::pattern>({.name = "pattern", .meaning = "what the weights of the case were pruned to, those of dense kernels too: `6:8` ([patterns.md](patterns.md)); absent where it is `2:4`", .csv = {"pattern"}, .optional = true}),
    member<Object<GemmProblem, problem_fields>, &R::problem>({.name = "problem", .meaning = "what was asked for"}),
    member<Object<GemmShape, executed_fields>, &R::executed>({.name = "executed", .meaning = "what the kernel computed: larger where it pads; 0 where it did not run", .csv = {"executed_m", "executed_k", "executed_n"}, .after = "n"}),
    member<Name, &R::copies>({.name = "copies", .meaning = "what each launch copies, in its time, because the library takes or makes other rows than were asked for: `activations`, `output` or `activations and output` ([providers.md](providers.md#every-shape)); absent where it copies nothing", .csv = {"copies"}, .after = "executed_n", .optional = true}),
    member<OptionalObject<DeviceId, device_id_fields>, &R::device>({.name = "device", .meaning = "what computed; `null`: not known", .since = 2}),
    member<Name, &R::provider>({.name = "provider", .meaning = "the library", .csv = {"provider"}}),
    member<Text, &R::provider_version>({.name = "provider_version", .meaning = "its version", .csv = {"provider_version"}}),
    member<Name, &R::kernel>({.name = "kernel", .meaning = "`<library>_<a>_<b>_<d>_<operation>[_bias]`", .csv = {"kernel"}}),
    member<Text, &R::algorithm>({.name = "algorithm", .meaning = "the library's own name or number for what ran", .csv = {"algorithm"}}),
    member<PresentTuning, &R::tuning>({.name = "tuning", .meaning = "where `algorithm` came from, of kernels that choose among several by timing them; absent where no search decided", .csv = {"tuning_origin", "tuning_found_utc", "tuning_seconds", "tuning_raced"}, .optional = true}),
    member<Text, &R::architecture>({.name = "architecture", .meaning = "instruction set of the code that ran (\"portable\", \"avx2\", \"avx512\", \"avx512_bf16\" or \"amx\" of our own kernels, oneDNN's own names such as \"avx512_core_vnni\") or compute capability (\"sm_90a\")", .csv = {"architecture"}}),
    member<Text, &R::remark>({.name = "remark", .meaning = "what limits this code whatever the problem, as the start of a sentence; empty: nothing is told", .csv = {"remark"}, .since = 2}),
    member<Name, &R::twin_of>({.name = "twin_of", .meaning = "of a control: the kernel that this row measures once more, with copies of the weights and a D of its own ([measurement.md](measurement.md#control)); `vs_dense` is the ratio to that one. Such a row is no baseline and counts in no mean; absent in all others", .csv = {"twin_of"}, .optional = true}),
    member<Algorithms, &R::lost_algorithms>({.name = "lost_algorithms", .meaning = "algorithms that the search left out, because a launch of theirs cost a process its GPU or did not return, in this run or, by the tuning file, in an earlier one; absent where there were none", .optional = true}),
    member<OutcomeObject, &R::outcome>({.name = "outcome", .meaning = "what became of it"}),
    member<Object<CacheState, cache_fields>, &R::cache>({.name = "cache", .meaning = "the state of the cache"}),
    member<OptionalObject<Accuracy, accuracy_fields>, &R::accuracy>({.name = "accuracy", .meaning = "comparison with the reference, before any timing; `null`: it did not come to that", .csv = {"max_error", "max_error_ratio", "share_checked", "exact", "accumulation"}, .after = "vs_bf16_verdict"}),
    member<OptionalObject<Summary, summary_fields>, &R::summary>({.name = "summary", .meaning = "what the samples say; `null` without a measurement"}),
    derived<R, OptionalNumber, dense_equivalent_tflops>({.name = "dense_equivalent_tflops", .unit = "TFLOP/s", .meaning = "2MNK over the median, for dense and 2:4 alike; of `experts` GEMMs, all of theirs", .csv = {"dense_equivalent_tflops"}}),
    derived<R, OptionalNumber, executed_tflops>({.name = "executed_tflops", .unit = "TFLOP/s", .meaning = "operations that are executed over the median: 2MNK for dense, MNK for 2:4, three halves of that for 6:8", .csv = {"executed_tflops"}}),
    member<Text, &R::baseline>({.name = "baseline", .meaning = "the fastest verified dense kernel of the same types, scales, bias and cache state; empty: none", .csv = {"baseline"}}),
    member<OptionalObject<Ratio, ratio_fields>, &R::vs_dense>({.name = "vs_dense", .meaning = "ratio to `baseline`, of a control to `twin_of`; `null` for the baseline itself and without one. [measurement.md](measurement.md) tells how", .csv = {"vs_dense", "vs_dense_low", "vs_dense_high", "verdict"}}),
    member<Text, &R::bf16_baseline>({.name = "bf16_baseline", .meaning = "the fastest dense bf16 kernel without scales; in a bf16 run there is none", .csv = {"bf16_baseline"}}),
    member<OptionalObject<Ratio, ratio_fields>, &R::vs_bf16>({.name = "vs_bf16", .meaning = "ratio to `bf16_baseline`", .csv = {"vs_bf16", "vs_bf16_low", "vs_bf16_high", "vs_bf16_verdict"}}),
    member<PresentObject<Sustained, sustained_fields>, &R::sustained>({.name = "sustained", .meaning = "what the kernel does under sustained load ([measurement.md](measurement.md#sustained-load)); absent where that was not measured", .optional = true}),
    member<PresentObject<RoundEnergy, energy_fields>, &R::energy>({.name = "energy", .meaning = "joules of ordinary rounds, on a CPU ([measurement.md](measurement.md#joules-of-ordinary-rounds)); absent where no counter can be read, and `device.details.energy` of the environment says why", .optional = true}),
    member<PresentObject<Together, together_fields>, &R::together>({.name = "together", .meaning = "of `--together`: how the samples of the case, under sustained load its blocks, began on several devices of the host at once; absent where no other was waited for", .optional = true}),
    member<PresentObject<RealWeights, real_weights_fields>, &R::real_weights>({.name = "real_weights", .meaning = "of weights that a model's files have, and what pruning and quantising does to the outputs ([real-weights.md](real-weights.md)); absent where operands were drawn", .optional = true}),
    member<FlagNames, &R::flags>({.name = "flags", .meaning = "list of texts, [below](#flags); in a cell separated by spaces", .csv = {"flags"}}),
    member<Object<ClockSample, clock_fields>, &R::clocks>({.name = "clocks", .meaning = "while the row was measured; `null`: not readable"}),
    member<Object<Phases, phase_fields>, &R::phases>({.name = "phases", .meaning = "wall time, [below](#phases)"}),
    member<OnceZero, &R::read_roof_bytes_per_s>({.name = "read_roof_bytes_per_s", .unit = "bytes/s", .meaning = "the read bandwidth that the flags were judged by: the roof of the environment, or a higher one that was measured during the run, because bandwidth changes where a machine is shared; `null` without a measurement (0 in version 1)", .csv = {"read_roof_bytes_per_s"}}),
    member<Unsigned, &R::seed>({.name = "seed", .meaning = "of the operands", .csv = {"seed"}}),
    member<Text, &R::repro>({.name = "repro", .meaning = "the command line that measures this case again; of stored weights, and of all experts in one launch, with the model's other layers", .csv = {"repro"}}),
    member<OptionalObject<Samples, sample_fields>, &R::samples>({.name = "samples", .meaning = "the timings; `null` without a measurement"}),
  };
  return kFields;
}
// clang-format on

}  // namespace twofour::report
