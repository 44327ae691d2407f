// Where a launch of a decode kernel spends its time, in a sequence of launches.
#pragma once

#include "device/device.h"
#include "providers/cuda/sm90/operation.h"

namespace twofour::bench {

/// Launches `operation` on the copies of its weights in turn, as one CUDA graph, and prints when
/// CTAs come by each phase, counted from the end of the launch before: median, first and last CTA.
void print_timeline(device::Device& device, providers::cuda::sm90::DecodeOperation& operation,
                    int copies);

}  // namespace twofour::bench
