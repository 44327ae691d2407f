// Rows of model_bench, put together by layer: what a decision is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"

namespace twofour::decide {

/// What the verdict of the best 2:4 kernel says at one size.
enum class State : std::uint8_t {
  kWin,
  kLoss,
  kUnclear,  ///< TIE or INCONCLUSIVE
  kUnknown,  ///< 2:4 or dense has no time there
};

inline constexpr NameTable<State, 4> kStateNames{{
    {State::kWin, "win"},
    {State::kLoss, "loss"},
    {State::kUnclear, "unclear"},
    {State::kUnknown, "unknown"},
}};

constexpr std::string_view to_string(State state) { return name_in(kStateNames, state); }

/// One measured size of a layer. Points into the records.
struct Point {
  std::int64_t m = 0;
  std::optional<std::int64_t> tokens;  ///< of the forward pass; nothing: of none
  std::optional<double> calls;         ///< of such launches in that forward pass
  const Record* dense = nullptr;       ///< what `sparse` was compared with, else the fastest
  const Record* sparse = nullptr;      ///< the 2:4 row with the highest speed-up
  State state = State::kUnknown;
  /// Of all experts in one call of a library (GemmProblem::batch), the fastest of each side; null:
  /// none. They take part in the choice above too.
  const Record* dense_batch = nullptr;
  const Record* sparse_batch = nullptr;
  std::string why_no_dense;   ///< why `dense` is null
  std::string why_no_sparse;  ///< why `sparse` is null
  /// Wall seconds: what the first of the kernels that share packed weights, or a search, spent.
  double pack_s = 0;
  double search_s = 0;
};

struct Layer {
  std::string name;  ///< "qkv"
  std::int64_t k = 0;
  std::int64_t n = 0;
  bool prefill_only = false;              ///< a decoding step does not run it
  bool all_experts = false;               ///< a launch runs all experts that the tokens reach
  std::optional<std::int64_t> instances;  ///< weight matrices of this shape on the device
  std::vector<Point> points;              ///< by ascending M, then tokens
};

/// "qkv 4096x6144"
std::string title(const Layer& layer);

/// What is decided together: the layers of one model on one device.
struct Subject {
  DeviceId device;
  DataType dtype = DataType::kInt8;
  std::string model;
  int tensor_parallel = 1;
  Sparsity pattern = Sparsity::kTwoFour;
  CacheMode cache = CacheMode::kCold;
  DataType d = DataType::kBf16;
  ScaleScheme scales;
  bool bias = false;
  std::vector<Layer> layers;  ///< in order of appearance
};

/// The rows of all experts in one launch that belong to `one` expert's, and the other way round;
/// null where there are none.
const Layer* all_experts_of(const Subject& subject, const Layer& one);
const Layer* one_expert_of(const Subject& subject, const Layer& all);

/// The subjects of model_bench rows, in order of appearance. Rows of other modes, of other operand
/// types than the run's and of providers that are not there are passed over. `records` must outlive
/// the result, and have each case of a device once.
std::vector<Subject> subjects(std::span<const Record> records);

/// Of each device, dtype, model and TP size the subject that is told of first: cold where there is
/// one, without bias where there is one, else in their order.
std::vector<Subject> leading(const std::vector<Subject>& all);

/// Strided-batched 2:4 against strided-batched dense; nothing where one has no time.
std::optional<Ratio> batch_ratio(const Point& point);

/// The names of flags by which the win of a point is doubtful.
std::vector<std::string_view> doubts(const Point& point);

}  // namespace twofour::decide
