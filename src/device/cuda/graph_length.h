// How many launches go into one CUDA graph. A pure function, so that it can be tested without one.
#pragma once

#include <cstdint>

namespace twofour::device::cuda {

/// How long a graph takes where the caller does not say: a little longer than the shortest sample
/// (1000 times the timer's resolution), so that a replay is a sample.
inline constexpr double kGraphSeconds = 0.6e-3;

/// Launches of one graph that goes round `copies` rotated copies of the weights: a multiple of
/// `copies`, at least two rounds, and about `graph_s` of work, beside which the start of a graph
/// (some microseconds) does not count; `seconds_per_launch` is a first estimate. With very many
/// copies (small weights) a graph is one round: its next replay reads every copy again.
std::int64_t graph_length(int copies, double seconds_per_launch, double graph_s = kGraphSeconds);

}  // namespace twofour::device::cuda
