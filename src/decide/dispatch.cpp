#include "decide/dispatch.h"

#include <algorithm>
#include <cmath>

namespace twofour::decide {
namespace {

/// The point of each M that is told of: of several the first that is as clear as all together.
std::vector<const Point*> one_each(const Layer& layer) {
  std::vector<const Point*> points;
  for (const Point& point : layer.points) {
    if (points.empty() || points.back()->m != point.m) {
      points.push_back(&point);
    } else if (points.back()->state == State::kUnknown ||
               (points.back()->state == State::kWin && point.state != State::kUnknown)) {
      points.back() = &point;  // what is not a win every time is none
    }
  }
  return points;
}

const Record* row_of(const Point& point) {
  return point.state == State::kWin ? point.sparse : point.dense;
}

DispatchRange range_at(const Point& point) {
  DispatchRange range{.first_m = point.m, .last_m = point.m, .why = point.state};
  const Record* const row = row_of(point);
  if (point.state == State::kWin) range.use = point.sparse->problem.sparsity;
  if (row == nullptr) return range;
  range.provider = row->provider;
  range.kernel = row->kernel;
  DispatchPoint measured{.m = point.m,
                         .time_s = row->summary->median_s,
                         .time_interval_s = row->summary->median_interval_s};
  if (point.sparse != nullptr && point.sparse->vs_dense) {
    measured.speed_up = point.sparse->vs_dense->value;
    measured.speed_up_interval = point.sparse->vs_dense->interval;
  }
  range.measured.push_back(measured);
  return range;
}

/// Sizes that nothing was measured at, between two that differ.
DispatchRange gap(const Point& low, const Point& high) {
  DispatchRange range{.first_m = low.m + 1, .last_m = high.m - 1, .why = State::kUnclear};
  const Record* const dense = high.dense != nullptr ? high.dense : low.dense;
  if (dense != nullptr) {
    range.provider = dense->provider;
    range.kernel = dense->kernel;
  }
  return range;
}

void append(std::vector<DispatchRange>& ranges, DispatchRange range) {
  if (!ranges.empty()) {
    DispatchRange& last = ranges.back();
    if (last.use == range.use && last.why == range.why && last.kernel == range.kernel &&
        last.provider == range.provider) {
      last.last_m = range.last_m;
      last.measured.insert(last.measured.end(), range.measured.begin(), range.measured.end());
      return;
    }
  }
  ranges.push_back(std::move(range));
}

}  // namespace

std::vector<DispatchRange> dispatch_ranges(const Layer& layer) {
  std::vector<DispatchRange> ranges;
  const std::vector<const Point*> points = one_each(layer);
  for (std::size_t i = 0; i < points.size(); ++i) {
    DispatchRange range = range_at(*points[i]);
    if (i > 0 && points[i - 1]->m + 1 < points[i]->m) {
      if (points[i - 1]->state == points[i]->state) {
        range.first_m = points[i - 1]->m + 1;
      } else {
        append(ranges, gap(*points[i - 1], *points[i]));
      }
    }
    append(ranges, std::move(range));
  }
  return ranges;
}

Dispatch dispatch(std::span<const Subject> subjects) {
  Dispatch table;
  for (const Subject& subject : subjects) {
    for (const Layer& layer : subject.layers) {
      if (layer.all_experts) continue;
      table.layers.push_back({.device = subject.device,
                              .model = subject.model,
                              .layer = layer.name,
                              .k = layer.k,
                              .n = layer.n,
                              .tensor_parallel = subject.tensor_parallel,
                              .pattern = subject.pattern,
                              .dtype = subject.dtype,
                              .d = subject.d,
                              .scales = std::string(to_string(subject.scales)),
                              .bias = subject.bias,
                              .cache = subject.cache,
                              .ranges = dispatch_ranges(layer)});
    }
  }
  return table;
}

}  // namespace twofour::decide
