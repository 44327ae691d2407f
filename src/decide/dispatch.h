// The dispatch table: for each layer, which kernel runs at which M. An engine can read it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decide/layers.h"
#include "report/field.h"

namespace twofour::decide {

/// Version of the file that dispatch_json() writes.
inline constexpr int kDispatchVersion = 1;

/// What was measured of the kernel of a range, at an M in it.
struct DispatchPoint {
  std::int64_t m = 0;
  double time_s = 0;               ///< median of a launch
  Interval time_interval_s;        ///< its 95 % interval
  std::optional<double> speed_up;  ///< of the best 2:4 kernel over dense there
  std::optional<Interval> speed_up_interval;
  bool operator==(const DispatchPoint&) const = default;
};

struct DispatchRange {
  std::int64_t first_m = 0;
  std::int64_t last_m = 0;  ///< included
  Sparsity use = Sparsity::kDense;
  std::string provider;  ///< of the kernel; both are empty where none was measured
  std::string kernel;
  State why = State::kUnclear;
  std::vector<DispatchPoint> measured;  ///< none: between sizes that differ
  bool operator==(const DispatchRange&) const = default;
};

struct DispatchLayer {
  DeviceId device;
  std::string model;
  std::string layer;
  std::int64_t k = 0;
  std::int64_t n = 0;
  int tensor_parallel = 1;
  Sparsity pattern = Sparsity::kTwoFour;  ///< of its sparse kernels
  DataType dtype = DataType::kInt8;       ///< of A and B
  DataType d = DataType::kBf16;
  std::string scales;
  bool bias = false;
  CacheMode cache = CacheMode::kCold;
  std::vector<DispatchRange> ranges;  ///< by ascending M, without gaps
  bool operator==(const DispatchLayer&) const = default;
};

struct Dispatch {
  std::vector<DispatchLayer> layers;
  bool operator==(const Dispatch&) const = default;
};

/// The ranges of one layer, from its smallest measured M to its largest. Where neighbours both win,
/// or are decided alike in another way, what lies between goes with the upper one: a kernel made
/// for few rows may not take more, while one that runs more rows takes fewer. Where they differ,
/// what lies between was not measured, is unclear and goes to dense, as what is unclear or unknown
/// does.
std::vector<DispatchRange> dispatch_ranges(const Layer& layer);

/// Of all subjects, those with bias and of both cache states among them. Layers whose launches run
/// all experts have no entry: those of one expert say what is chosen.
Dispatch dispatch(std::span<const Subject> subjects);

/// One JSON document with a newline at its end (docs/decide.md, schema/dispatch.schema.json).
std::string dispatch_json(const Dispatch& table);
/// The inverse. Throws std::invalid_argument naming the field, its value and what is allowed.
Dispatch parse_dispatch_json(std::string_view text);

std::span<const report::Field<Dispatch>> dispatch_fields();
std::string dispatch_schema();

}  // namespace twofour::decide
