// One result: one kernel, on one problem, in one cache state. Everything that a report prints comes
// from Records and the Environment, so a .jsonl can be rendered again later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/boxed.h"
#include "core/device_id.h"
#include "core/environment.h"
#include "core/flag.h"
#include "core/mode.h"
#include "core/named.h"
#include "core/outcome.h"
#include "core/problem.h"
#include "core/real_weights.h"
#include "core/residency.h"
#include "core/round_energy.h"
#include "core/shared_text.h"
#include "core/summary.h"
#include "core/sustained.h"

namespace twofour {

enum class CacheMode : std::uint8_t { kCold, kHot };

inline constexpr NameTable<CacheMode, 2> kCacheModeNames{{
    {CacheMode::kCold, "cold"},
    {CacheMode::kHot, "hot"},
}};

constexpr std::string_view to_string(CacheMode mode) { return name_in(kCacheModeNames, mode); }

/// How the weights are kept out of cache between launches.
enum class CacheMethod : std::uint8_t {
  kNone,    ///< they are not: a hot measurement, or NOT_COLD
  kRotate,  ///< launches go round copies of the packed weights, in all at least 2x the cache
  kFlush,   ///< the lines of the packed weights are flushed before each launch
};

inline constexpr NameTable<CacheMethod, 3> kCacheMethodNames{{
    {CacheMethod::kNone, "none"},
    {CacheMethod::kRotate, "rotate"},
    {CacheMethod::kFlush, "flush"},
}};

constexpr std::string_view to_string(CacheMethod method) {
  return name_in(kCacheMethodNames, method);
}

struct CacheState {
  CacheMode mode = CacheMode::kCold;
  CacheMethod method = CacheMethod::kNone;
  int copies = 1;                                     ///< of the packed weights
  std::size_t bytes_per_copy = 0;                     ///< packed weights read by one launch
  std::optional<std::size_t> last_level_cache_bytes;  ///< the size that was used; nothing: none
  Residency residency = Residency::kUnknown;
  bool operator==(const CacheState&) const = default;
};

/// Where the algorithm of a row came from, of kernels that choose among several by timing them.
enum class TuningOrigin : std::uint8_t {
  kSearched,  ///< a search of this run
  kFile,      ///< the tuning file: the winner of an earlier search
  kRace,      ///< the tuning file's runner-up, which was faster now than its winner
};

inline constexpr NameTable<TuningOrigin, 3> kTuningOriginNames{{
    {TuningOrigin::kSearched, "searched"},
    {TuningOrigin::kFile, "file"},
    {TuningOrigin::kRace, "race"},
}};

constexpr std::string_view to_string(TuningOrigin origin) {
  return name_in(kTuningOriginNames, origin);
}

/// Which candidates a search began with.
enum class SearchedAmong : std::uint8_t {
  kAll,        ///< all, in the library's order
  kRelative,   ///< the finalists of the same problem with another bias or output type
  kNeighbour,  ///< those of the same weights with another M, beside some others as probes
  kEqual,      ///< none: the same problem was searched before in this run
  kAlike,      ///< none: the winner of a problem with other types or bias is known to be its own
};

inline constexpr NameTable<SearchedAmong, 5> kSearchedAmongNames{{
    {SearchedAmong::kAll, "all"},
    {SearchedAmong::kRelative, "relative"},
    {SearchedAmong::kNeighbour, "neighbour"},
    {SearchedAmong::kEqual, "equal"},
    {SearchedAmong::kAlike, "alike"},
}};

constexpr std::string_view to_string(SearchedAmong among) {
  return name_in(kSearchedAmongNames, among);
}

/// How far a search went.
struct SearchExtent {
  SearchedAmong among = SearchedAmong::kAll;
  std::int64_t candidates = 0;              ///< that the library offered and nothing ruled out
  std::int64_t timed = 0;                   ///< of them
  std::optional<std::int64_t> neighbour_m;  ///< of kNeighbour: M of the other search
  bool widened = false;  ///< the neighbour's finalists did not hold, so all were timed
  bool operator==(const SearchExtent&) const = default;
};

/// What an exhaustive search found for the same row, timed in turns with the row's own algorithm.
struct ExhaustiveWinner {
  std::string algorithm;
  double ratio = 1;  ///< time of the row's algorithm over that of this one; 1: it is the same
  bool operator==(const ExhaustiveWinner&) const = default;
};

struct Tuning {
  TuningOrigin origin = TuningOrigin::kSearched;
  std::string found_utc;  ///< when it won, ISO 8601; empty: not known
  double seconds = 0;     ///< of one launch, when it won
  /// The algorithm that it was timed in turns with in this run, the second best; empty: none.
  std::string raced;
  std::optional<SearchExtent> extent;          ///< nothing: not searched in this run, or not known
  std::optional<ExhaustiveWinner> exhaustive;  ///< of SearchMode::kBoth
  bool operator==(const Tuning&) const = default;
};

/// How the samples of a row (its blocks, where it was measured under sustained load) began on
/// several devices of a host at the same time.
struct Together {
  int devices = 1;    ///< that began, this one among them
  double skew_s = 0;  ///< between the first of them to begin and the last; of blocks, the most
  bool operator==(const Together&) const = default;
};

/// Wall seconds by phase. The first two are spent once for all kernels of a case that share
/// operands and are the same number in each of their records.
struct Phases {
  double operands_s = 0;   ///< drawing, quantising and pruning the operands
  double reference_s = 0;  ///< computing the reference
  double prepare_s = 0;    ///< packing, compressing, copying to the device
  double plan_s = 0;       ///< searching algorithms
  double verify_s = 0;     ///< the comparison with the reference
  double measure_s = 0;  ///< this kernel's launches: the verifying ones, which warm up, and samples
  bool operator==(const Phases&) const = default;
};

/// Comparison with the reference, before any timing. Errors are |result - reference|.
struct Accuracy {
  double max_error = 0;        ///< largest absolute error
  double max_error_ratio = 0;  ///< largest error as a share of its tolerance: at most 1 is right
  double share_checked = 0;    ///< of the M x N elements
  bool exact = false;          ///< the gate was bit for bit
  Accumulation accumulation = Accumulation::kWide;  ///< what the tolerance allows for
  bool operator==(const Accuracy&) const = default;
};

/// A member of it is a row of report/record_fields.cpp, which says how it is written and read.
struct Record {
  int schema_version = kSchemaVersion;
  BenchMode mode = BenchMode::kSquare;
  DataType dtype = DataType::kInt8;  ///< the --dtype of the run: the group this row belongs to
  int case_index = 0;                ///< all rows of one MKN of one run share it
  GemmProblem problem;               ///< as requested
  GemmShape executed;                ///< what the kernel computed: larger where it pads
  /// What each launch copies, in its time, because the library takes or makes other rows than were
  /// asked for: "activations", "output", "activations and output"; empty: nothing is told.
  SharedText copies;
  SharedText model;  ///< model_bench only
  SharedText layer;  ///< "qkv", "o", "gate_up", "down"; model_bench only
  int tensor_parallel = 1;
  /// Tokens of one forward pass: M, but for one of several experts, which sees some of them.
  /// Nothing: not known, as all that follows.
  std::optional<std::int64_t> tokens;
  /// Weights of this shape in one device's part of the model: its layers, times all experts.
  std::optional<std::int64_t> instances;
  /// GEMMs of this shape that one forward pass runs on one device: its layers, times the experts
  /// that the tokens reach.
  std::optional<std::int64_t> calls;
  bool prefill_only = false;  ///< no GEMM of its own in a decoding step
  /// GEMMs of one launch, each with weights of its own: those of all experts that the tokens reach,
  /// one after another or as a batch (GemmProblem::batch). `calls` then counts launches. Nothing:
  /// one GEMM.
  std::optional<std::int64_t> experts;
  /// What the weights of the case were pruned to. Dense kernels multiply the same weights.
  Sparsity pattern = Sparsity::kTwoFour;
  std::optional<DeviceId> device;  ///< what computed; nothing where a file does not say

  SharedText provider;
  SharedText provider_version;
  SharedText kernel;        ///< the contract's name
  SharedText algorithm;     ///< the library's own name or number for what ran
  Boxed<Tuning> tuning;     ///< nothing: no search decided
  SharedText architecture;  ///< instruction set or compute capability of the code that ran
  /// The kernel that this row measures once more, as a control: equal code with copies of the
  /// weights and a D of its own, so that vs_dense, the ratio to that kernel, is what this machine
  /// makes of equal kernels. Empty: the row is no control. A control is no baseline, wins nothing
  /// and counts in no mean.
  SharedText twin_of;
  /// What limits this code whatever the problem, as the start of a sentence; empty: nothing is
  /// told.
  SharedText remark;
  /// Algorithms that the search left out, because a launch of theirs cost a process its device or
  /// did not return.
  std::vector<std::string> lost_algorithms;

  Outcome outcome;
  CacheState cache;
  Phases phases;
  std::optional<Accuracy> accuracy;
  Boxed<Samples> samples;
  std::optional<Summary> summary;

  SharedText baseline;            ///< kernel that vs_dense divides by; empty when there is none
  std::optional<Ratio> vs_dense;  ///< against the fastest verified dense kernel, same dtype and D
  SharedText bf16_baseline;
  std::optional<Ratio> vs_bf16;
  Boxed<Sustained> sustained;  ///< nothing: it was not measured under sustained load
  Boxed<RoundEnergy> energy;   ///< nothing: the device has no counters that can be read
  Boxed<Together> together;    ///< nothing: no other device was waited for

  Boxed<RealWeights> real_weights;  ///< nothing: the operands were drawn

  std::vector<Flag> flags;
  /// The read bandwidth that the flags were judged by: the roof of the environment, or a higher one
  /// that was measured after this case; nothing without a measurement.
  std::optional<double> read_roof_bytes_per_s;
  ClockSample clocks;
  std::uint64_t seed = 0;
  SharedText repro;  ///< command line that measures this row's case again, maybe with others
  bool operator==(const Record&) const = default;
};

inline bool is_twin(const Record& record) { return !record.twin_of.empty(); }

/// GEMMs of the row's shape that one launch runs.
inline double gemms_per_launch(const Record& record) {
  return static_cast<double>(record.experts.value_or(1));
}

/// The clock that cycles may be counted by: of a CPU the measured one, of a GPU the effective one
/// of its multiprocessors. Nothing where that is not known, such as of a GPU whose driver alone
/// told one.
std::optional<double> true_clock_mhz(const Record& record);

/// Joules of one launch, idle power included: under sustained load, else those of ordinary rounds;
/// nothing: not known.
std::optional<double> launch_joules(const Record& record);

/// Dense-equivalent TFLOP/s, 2MNK for each GEMM of a launch over the median; nothing without a
/// measurement.
std::optional<double> dense_equivalent_tflops(const Record& record);
/// Executed TFLOP/s: the same for a dense kernel, half for 2:4, three quarters for 6:8.
std::optional<double> executed_tflops(const Record& record);
/// Label of vLLM's sparse_benchmarks.py: "scaled-torch.int8-gemm".
std::string label(const Record& record);
/// Sub-label of the same: "MKN=(MxKxN)".
std::string sub_label(const Record& record);

}  // namespace twofour
