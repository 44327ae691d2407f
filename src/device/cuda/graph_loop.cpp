#include "device/cuda/graph_loop.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "device/cuda/error.h"
#include "device/cuda/graph_length.h"
#include "device/cuda/kernels.h"

namespace twofour::device::cuda {
namespace {

constexpr int kEstimateLaunches = 3;
// Covers the start of the waiting kernel itself and the event.
constexpr double kLeastCover_s = 10e-6;
constexpr double kMostCover_s = 1e-3;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Occupies the GPU while the host submits work that takes it `host_s`.
void cover(double host_s, cudaStream_t stream) {
  const double covered_s = std::clamp(kLeastCover_s + 2 * host_s, kLeastCover_s, kMostCover_s);
  spin(static_cast<std::int64_t>(covered_s * 1e9), stream);
}

/// Captures what is launched on a stream until finish(); gives the stream back if it is not
/// reached.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : stream_(stream) {
    // Relaxed: a library may allocate or query on its own account while it launches.
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "begin a stream capture");
  }
  ~Capture() {
    if (finished_) return;
    cudaGraph_t graph = nullptr;
    ignore(cudaStreamEndCapture(stream_, &graph));
    if (graph != nullptr) ignore(cudaGraphDestroy(graph));
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  cudaGraph_t finish() {
    finished_ = true;
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream_, &graph), "capture the launches in a CUDA graph");
    return graph;
  }

 private:
  cudaStream_t stream_;
  bool finished_ = false;
};

struct DestroyExecutable {
  void operator()(cudaGraphExec_t executable) const { ignore(cudaGraphExecDestroy(executable)); }
};
using Executable = std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, DestroyExecutable>;

class GraphLoop final : public TimedLoop {
 public:
  GraphLoop(LoopSpec spec, cudaStream_t stream, std::shared_ptr<ClockStamps> stamps)
      : launch_(std::move(spec.launch)),
        copies_(std::max(spec.cache.copies, 1)),
        stream_(stream),
        stamps_(std::move(stamps)) {
    const double graph_s = spec.quantum_s > 0 ? spec.quantum_s : kGraphSeconds;
    length_ = graph_length(copies_, estimate_launch_s(), graph_s);
    capture();
    replay_host_s_ = warm_replay();
  }
  Elapsed run(std::int64_t launches) override {
    if (launches <= 0 || launches % length_ != 0) {
      throw std::logic_error("launches must be a positive multiple of the graph's length");
    }
    cover(replay_host_s_, stream_);
    if (stamps_) stamps_->begin(stream_);
    events_.start(stream_);
    for (std::int64_t i = 0; i < launches / length_; ++i) {
      check(cudaGraphLaunch(executable_.get(), stream_), "launch a CUDA graph");
    }
    events_.stop(stream_);
    if (stamps_) stamps_->end(stream_);
    Elapsed elapsed;
    elapsed.host_s = launch_host_s() * static_cast<double>(launches);
    elapsed.device_s = events_.wait_elapsed_s();
    check(cudaStreamSynchronize(stream_), "finish the timed launches");
    if (stamps_) elapsed.effective_mhz = stamps_->effective_mhz();
    return elapsed;
  }

  [[nodiscard]] std::int64_t quantum() const override { return length_; }
  /// By the first replay.
  [[nodiscard]] bool warmed_up() const override { return true; }

 private:
  double estimate_launch_s() {
    launch_(0);
    check(cudaStreamSynchronize(stream_), "finish a warm-up launch");
    cover(100e-6, stream_);
    events_.start(stream_);
    for (int i = 0; i < kEstimateLaunches; ++i) launch_((i + 1) % copies_);
    events_.stop(stream_);
    return events_.wait_elapsed_s() / kEstimateLaunches;
  }

  void capture() {
    Capture capture(stream_);
    for (std::int64_t i = 0; i < length_; ++i) launch_(static_cast<int>(i % copies_));
    cudaGraph_t graph = capture.finish();
    std::size_t nodes = 0;
    const cudaError_t counted = cudaGraphGetNodes(graph, nullptr, &nodes);
    cudaGraphExec_t executable = nullptr;
    const cudaError_t made = cudaGraphInstantiate(&executable, graph, 0);
    executable_.reset(executable);
    ignore(cudaGraphDestroy(graph));
    check(counted, "count the nodes of a CUDA graph");
    check(made, "instantiate a CUDA graph");
    // A kernel launched on another stream would not be in the graph, and would be timed as nothing.
    if (nodes < static_cast<std::size_t>(length_)) {
      throw std::runtime_error(
          "the CUDA graph has fewer nodes than launches: the kernel does not "
          "launch on the device's stream");
    }
  }

  double warm_replay() {
    check(cudaGraphUpload(executable_.get(), stream_), "upload a CUDA graph");
    check(cudaStreamSynchronize(stream_), "upload a CUDA graph");
    const double start = now_s();
    check(cudaGraphLaunch(executable_.get(), stream_), "launch a CUDA graph");
    const double host_s = now_s() - start;
    check(cudaStreamSynchronize(stream_), "finish the first replay of a CUDA graph");
    return host_s;
  }

  /// Seconds of the host for one launch. The copies used are those that the replay read last, so
  /// that the next replay finds its first copies as cold as ever.
  double launch_host_s() {
    const int launches = length_ >= 20 ? 4 : 1;
    const double start = now_s();
    for (int i = launches; i > 0; --i) launch_((copies_ - i % copies_) % copies_);
    return (now_s() - start) / launches;
  }

  std::function<void(int)> launch_;
  int copies_;
  cudaStream_t stream_;
  std::shared_ptr<ClockStamps> stamps_;
  EventPair events_;
  std::int64_t length_ = 1;
  Executable executable_;
  double replay_host_s_ = 0;
};

}  // namespace

EventPair::EventPair() {
  check(cudaEventCreate(&begin_), "create an event");
  const cudaError_t second = cudaEventCreate(&end_);
  if (second != cudaSuccess) ignore(cudaEventDestroy(begin_));
  check(second, "create an event");
}

EventPair::~EventPair() {
  ignore(cudaEventDestroy(begin_));
  ignore(cudaEventDestroy(end_));
}

void EventPair::start(cudaStream_t stream) {
  check(cudaEventRecord(begin_, stream), "record an event");
}

void EventPair::stop(cudaStream_t stream) {
  check(cudaEventRecord(end_, stream), "record an event");
}

double EventPair::wait_elapsed_s() {
  check(cudaEventSynchronize(end_), "finish what is timed");
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, begin_, end_), "read the time between two events");
  return static_cast<double>(milliseconds) * 1e-3;
}

std::unique_ptr<TimedLoop> make_graph_loop(LoopSpec spec, cudaStream_t stream,
                                           std::shared_ptr<ClockStamps> stamps) {
  return std::make_unique<GraphLoop>(std::move(spec), stream, std::move(stamps));
}

}  // namespace twofour::device::cuda
