// Timing by CUDA graph.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "device/cuda/clock_stamps.h"
#include "device/timer.h"

namespace twofour::device::cuda {

/// A pair of events around work on a stream.
class EventPair {
 public:
  EventPair();
  ~EventPair();
  EventPair(const EventPair&) = delete;
  EventPair& operator=(const EventPair&) = delete;

  void start(cudaStream_t stream);
  void stop(cudaStream_t stream);
  /// Waits for the stop event. Seconds between the two.
  double wait_elapsed_s();

 private:
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

/// A loop that replays a graph of graph_length() launches, which go round all copies in
/// `spec.cache.copies` in order.
///
/// device_s is the time between two events around the replays; a waiting kernel before the first
/// event covers the time that the host needs to submit the graph. host_s is the time that the host
/// spends in launch() outside a graph, measured in each run on a few launches after the replays,
/// while the GPU is still busy with them, and scaled to all launches.
///
/// `stamps` (null: none) are taken around the events, outside what they time. While a waiting
/// kernel covers the host, the first set is enqueued behind it, so that the stretch that the clock
/// is of has nothing in it but the launches.
///
/// The constructor warms up and captures. It throws std::runtime_error when the kernel's launches
/// cannot be captured.
std::unique_ptr<TimedLoop> make_graph_loop(LoopSpec spec, cudaStream_t stream,
                                           std::shared_ptr<ClockStamps> stamps);

}  // namespace twofour::device::cuda
