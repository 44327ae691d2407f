// Where a launch of a decode kernel spends its time, in a sequence of launches.
#pragma once

#include "device/device.h"
#include "providers/cuda/sm90/operation.h"
#include "run/packed_weights.h"

namespace twofour::bench {

/// Launches `operation` on `weights` in turn, as one CUDA graph, and prints when
/// CTAs come by each phase, counted from the end of the launch before: median, first and last CTA.
void print_timeline(device::Device& device, providers::cuda::sm90::DecodeOperation& operation,
                    const run::WeightCopies& weights);

}  // namespace twofour::bench
