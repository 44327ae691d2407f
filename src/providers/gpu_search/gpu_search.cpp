#include "providers/gpu_search/gpu_search.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>

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
/// Shorter than a sample of the benchmark: candidates are compared, and each is timed several
/// times.
constexpr double kRefine_s = 300e-6;
/// A first launch this much slower than the fastest candidate is not repeated.
constexpr double kNotWorthRepeating = 1.6;

class LaunchTimer {
 public:
  LaunchTimer(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args)
      : candidates_(candidates),
        device_(args.device),
        cache_(args.cache),
        copies_(args.copies),
        stream_(device::stream_of(args.device)) {}

  double time(std::size_t index, SearchStage stage) {
    load(index);
    return stage == SearchStage::kScreen ? screen(candidates_[index]) : refine(index);
  }

  /// The clock of the search's budget: it stands while kernels are loaded, which takes some
  /// libraries longer than all the timing and would leave most candidates unseen.
  [[nodiscard]] double budget_clock() const { return search_clock() - loading_s_; }

 private:
  /// A first launch, by itself and untimed: it loads the kernel. It reads the copy that was read
  /// last, so that those which are timed come out of memory.
  void load(std::size_t index) {
    if (!loaded_.insert(index).second) return;
    const double start = search_clock();
    const LaunchCandidate& candidate = candidates_[index];
    const WeightCopy& copy = copies_[(next_ + copies_.size() - 1) % copies_.size()];
    if (candidate.ready) candidate.ready(copy);
    candidate.launch(copy);
    check(cudaStreamSynchronize(stream_), "finish the first launch of a candidate");
    loading_s_ += search_clock() - start;
  }

  /// Seconds of one of `launches` launches in a row. The rotation goes on where the last candidate
  /// stopped: the copies that come next are the ones longest out of use.
  double in_a_row(const LaunchCandidate& candidate, int launches) {
    const auto count = static_cast<std::size_t>(launches);
    for (std::size_t i = 0; candidate.ready && i < std::min(count, copies_.size()); ++i) {
      candidate.ready(copies_[(next_ + i) % copies_.size()]);
    }
    device::cuda::spin(kCover_ns, stream_);
    events_.start(stream_);
    for (int i = 0; i < launches; ++i) {
      candidate.launch(copies_[next_]);
      next_ = (next_ + 1) % copies_.size();
    }
    events_.stop(stream_);
    const double seconds = events_.wait_elapsed_s() / launches;
    check(cudaStreamSynchronize(stream_), "finish the launches of a candidate");
    return seconds;
  }

  double screen(const LaunchCandidate& candidate) {
    const double first = in_a_row(candidate, 1);
    if (fastest_ > 0 && first > kNotWorthRepeating * fastest_) return first;
    const double wanted = std::min(kScreen_s / std::max(first, 1e-7), kMostScreenLaunches);
    // A long launch says by itself what a second one would say.
    const double seconds = wanted < 2 ? first : in_a_row(candidate, static_cast<int>(wanted));
    fastest_ = fastest_ > 0 ? std::min(fastest_, seconds) : seconds;
    return seconds;
  }

  double refine(std::size_t index) {
    auto& loop = loops_[index];
    const LaunchCandidate& candidate = candidates_[index];
    if (!loop) {
      for (std::size_t i = 0; candidate.ready && i < copies_.size(); ++i) {
        candidate.ready(copies_[i]);
      }
      const auto launch = [this, index](int slot) {
        candidates_[index].launch(copies_[static_cast<std::size_t>(slot)]);
      };
      loop = device_.timer().timed_loop(
          {.launch = launch, .cache = cache_, .weights = {}, .quantum_s = kRefine_s});
    }
    const std::int64_t launches = loop->quantum();
    return loop->run(launches).device_s / static_cast<double>(launches);
  }

  const std::vector<LaunchCandidate>& candidates_;
  device::Device& device_;
  CacheState cache_;
  std::span<const WeightCopy> copies_;
  cudaStream_t stream_;
  device::cuda::EventPair events_;
  std::size_t next_ = 0;  ///< of copies_
  double fastest_ = 0;
  std::set<std::size_t> loaded_;
  double loading_s_ = 0;
  std::map<std::size_t, std::unique_ptr<device::TimedLoop>> loops_;
};

/// The parts of a ChoiceTask that come from launches.
class LaunchTask {
 public:
  LaunchTask(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args,
             const SearchSubject& subject, TuningFile& file)
      : candidates_(candidates),
        args_(args),
        subject_(subject),
        file_(file),
        timer_(candidates, args) {}

  LaunchChoice choose() {
    auto now = [this] { return timer_.budget_clock(); };
    auto time = [this](std::size_t index, SearchStage stage) { return time_one(index, stage); };
    ChoiceTask task{.subject = subject_,
                    .avoid = args_.log != nullptr ? args_.log->avoid(subject_.scope())
                                                  : file_.avoided(subject_.scope()),
                    .mode = args_.search,
                    .budget_s = args_.budget.count(),
                    .now = now,
                    .time = time};
    const bool grouped = std::all_of(candidates_.begin(), candidates_.end(),
                                     [](const LaunchCandidate& c) { return !c.kernel.empty(); });
    for (const LaunchCandidate& candidate : candidates_) {
      task.names.push_back(candidate.name);
      if (grouped) task.groups.push_back(candidate.kernel);
    }
    const AlgorithmChoice choice = choose_algorithm(
        task, {file_, Shortlists::shared(), Neighbours::shared(), Winners::shared()});
    if (choice.tuning && args_.log != nullptr) args_.log->chosen(*choice.tuning);
    return {.index = choice.index, .seconds = choice.seconds};
  }

 private:
  double time_one(std::size_t index, SearchStage stage) {
    if (args_.log == nullptr) return timer_.time(index, stage);
    args_.log->trying(candidates_[index].name, subject_.scope());
    try {
      const double seconds = timer_.time(index, stage);
      args_.log->tried();
      return seconds;
    } catch (const std::exception&) {
      args_.log->tried();
      throw;
    }
  }

  const std::vector<LaunchCandidate>& candidates_;
  const PlanArgs& args_;
  const SearchSubject& subject_;
  TuningFile& file_;
  LaunchTimer timer_;
};

}  // namespace

SearchSubject search_subject(const device::Device& device, std::string_view library,
                             std::string_view kernel, const GemmProblem& problem,
                             const CacheState& cache, std::string_view variant,
                             SharedWinner shared) {
  SearchSubject subject =
      related(std::string(library), std::string(variant), problem, cache.mode, shared);
  const auto detail = [&](const char* name) {
    const auto found = device.info().details.find(name);
    return found == device.info().details.end() ? std::string() : found->second;
  };
  subject.key = {.gpu = device.id().name,
                 .library = std::string(library),
                 .kernel = std::string(kernel),
                 .problem = to_string(problem),
                 .cache = cache.mode,
                 .driver = detail("driver"),
                 .power_limit = detail("power_limit_w")};
  return subject;
}

std::vector<std::string> names_to_try(const SearchSubject& subject, SearchMode mode,
                                      TuningFile& file) {
  if (mode != SearchMode::kShortlists) return {};
  if (const auto tuned = file.find(subject.key)) {
    std::vector<std::string> names{tuned->algorithm};
    if (!tuned->runner_up.empty()) names.push_back(tuned->runner_up);
    return names;
  }
  if (const auto winner = Winners::shared().find(subject.alike)) return {winner->algorithm};
  return Shortlists::shared().find(subject.family);
}

LaunchChoice choose_launch(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args,
                           const SearchSubject& subject, TuningFile& file) {
  const auto same = std::find_if(
      candidates.begin(), candidates.end(),
      [&](const LaunchCandidate& candidate) { return candidate.name == args.algorithm; });
  if (!args.algorithm.empty() && same != candidates.end()) {
    return {.index = static_cast<std::size_t>(same - candidates.begin())};
  }
  return LaunchTask(candidates, args, subject, file).choose();
}

}  // namespace twofour::providers
