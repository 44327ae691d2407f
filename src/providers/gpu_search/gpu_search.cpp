#include "providers/gpu_search/gpu_search.h"

#include <algorithm>
#include <map>
#include <memory>

#include "device/cuda/cuda_stream.h"
#include "device/cuda/error.h"
#include "device/cuda/graph_loop.h"
#include "device/cuda/kernels.h"
#include "providers/search.h"

namespace twofour::providers {
namespace {

using device::cuda::check;

// Covers the host's submission of a few launches.
constexpr std::int64_t kCover_ns = 40'000;
constexpr double kScreen_s = 60e-6;
constexpr double kMostScreenLaunches = 8;
/// A first launch this much slower than the fastest candidate is not repeated.
constexpr double kNotWorthRepeating = 1.6;

class LaunchTimer {
 public:
  LaunchTimer(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args)
      : candidates_(candidates),
        device_(args.device),
        cache_(args.cache),
        copies_(std::max(args.cache.copies, 1)),
        stream_(device::stream_of(args.device)) {}

  double time(std::size_t index, SearchStage stage) {
    return stage == SearchStage::kScreen ? screen(candidates_[index]) : refine(index);
  }

 private:
  /// Seconds of one of `launches` launches in a row. The rotation goes on where the last candidate
  /// stopped: the copies that come next are the ones longest out of use.
  double in_a_row(const LaunchCandidate& candidate, int launches) {
    for (int i = 0; candidate.ready && i < std::min(launches, copies_); ++i) {
      candidate.ready((next_ + i) % copies_);
    }
    device::cuda::spin(kCover_ns, stream_);
    events_.start(stream_);
    for (int i = 0; i < launches; ++i) {
      candidate.launch(next_);
      next_ = (next_ + 1) % copies_;
    }
    events_.stop(stream_);
    const double seconds = events_.wait_elapsed_s() / launches;
    check(cudaStreamSynchronize(stream_), "finish the launches of a candidate");
    return seconds;
  }

  double screen(const LaunchCandidate& candidate) {
    const double first = in_a_row(candidate, 1);
    if (fastest_ > 0 && first > kNotWorthRepeating * fastest_) return first;
    const double wanted = std::clamp(kScreen_s / std::max(first, 1e-7), 1.0, kMostScreenLaunches);
    const double seconds = in_a_row(candidate, static_cast<int>(wanted));
    fastest_ = fastest_ > 0 ? std::min(fastest_, seconds) : seconds;
    return seconds;
  }

  double refine(std::size_t index) {
    auto& loop = loops_[index];
    const LaunchCandidate& candidate = candidates_[index];
    if (!loop) {
      for (int slot = 0; candidate.ready && slot < copies_; ++slot) candidate.ready(slot);
      loop = device_.timed_loop({.launch = candidate.launch, .cache = cache_, .weights = {}});
    }
    const std::int64_t launches = loop->quantum();
    return loop->run(launches).device_s / static_cast<double>(launches);
  }

  const std::vector<LaunchCandidate>& candidates_;
  device::Device& device_;
  CacheState cache_;
  int copies_;
  cudaStream_t stream_;
  device::cuda::EventPair events_;
  int next_ = 0;
  double fastest_ = 0;
  std::map<std::size_t, std::unique_ptr<device::TimedLoop>> loops_;
};

}  // namespace

TuningKey tuning_key(const device::Device& device, std::string_view library,
                     std::string_view kernel, const GemmProblem& problem, const CacheState& cache) {
  return {.gpu = device.info().name,
          .library = std::string(library),
          .kernel = std::string(kernel),
          .problem = to_string(problem),
          .cache = cache.mode};
}

LaunchChoice choose_launch(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args,
                           const TuningKey& key, TuningFile& file) {
  if (args.budget.count() > 0) {
    if (const auto tuned = file.find(key)) {
      const auto found = std::find_if(
          candidates.begin(), candidates.end(),
          [&](const LaunchCandidate& candidate) { return candidate.name == tuned->algorithm; });
      if (found != candidates.end()) {
        return {.index = static_cast<std::size_t>(found - candidates.begin()),
                .seconds = tuned->seconds,
                .tuned = true};
      }
    }
  }
  LaunchTimer timer(candidates, args);
  auto clock = [] { return search_clock(); };
  auto time = [&](std::size_t index, SearchStage stage) { return timer.time(index, stage); };
  const SearchResult result =
      search(candidates.size(), time, {.budget_s = args.budget.count(), .now = clock});
  if (result.confirmed) {
    file.keep(key, {.algorithm = candidates[result.winner].name, .seconds = result.seconds});
  }
  return {.index = result.winner, .seconds = result.seconds, .screened = result.screened};
}

}  // namespace twofour::providers
