#include "providers/gpu_search/gpu_search.h"

#include <fmt/format.h>

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
#include "providers/shortlist.h"
#include "providers/tuned_choice.h"

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
  /// A first launch, by itself and untimed: it loads the kernel.
  void load(std::size_t index) {
    if (!loaded_.insert(index).second) return;
    const double start = search_clock();
    const LaunchCandidate& candidate = candidates_[index];
    if (candidate.ready) candidate.ready(copies_.front());
    candidate.launch(copies_.front());
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
    const double wanted = std::clamp(kScreen_s / std::max(first, 1e-7), 1.0, kMostScreenLaunches);
    const double seconds = in_a_row(candidate, static_cast<int>(wanted));
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

/// A search among some of `candidates`.
class Race {
 public:
  Race(const std::vector<LaunchCandidate>& candidates, const PlanArgs& args,
       const SearchSubject& subject, TuningFile& file)
      : candidates_(candidates),
        args_(args),
        subject_(subject),
        file_(file),
        timer_(candidates, args) {
    names_.reserve(candidates.size());
    for (const LaunchCandidate& candidate : candidates) names_.push_back(candidate.name);
    avoid_ = args.log != nullptr ? args.log->avoid(subject.scope()) : file.avoided(subject.scope());
    const std::vector<std::size_t> usable = without(avoid_, names_);
    std::vector<std::string> names;
    for (const std::size_t place : usable) names.push_back(candidates[place].name);
    for (const std::size_t place : contestants(names, Shortlists::shared().find(subject.family))) {
      entered_.push_back(usable[place]);
    }
  }

  /// The winner that the file has; nothing where a search must find one.
  std::optional<LaunchChoice> from_file() {
    if (args_.budget.count() <= 0) return std::nullopt;
    auto time = [&](std::size_t index) { return time_one(index, SearchStage::kRefine); };
    const auto tuned = choose_tuned(subject_.key, names_, avoid_, time, file_);
    if (!tuned) return std::nullopt;
    if (args_.log != nullptr) args_.log->chosen(tuned->tuning);
    return LaunchChoice{.index = tuned->index, .seconds = tuned->seconds, .tuned = true};
  }

  LaunchChoice run() {
    auto clock = [this] { return timer_.budget_clock(); };
    auto time = [&](std::size_t place, SearchStage stage) {
      return time_one(entered_[place], stage);
    };
    const SearchResult result =
        search(entered_.size(), time, {.budget_s = args_.budget.count(), .now = clock});
    const std::size_t winner = entered_[result.winner];
    if (result.confirmed) {
      std::vector<std::string> finalists;
      for (const std::size_t place : result.finalists) {
        finalists.push_back(candidates_[entered_[place]].name);
      }
      Shortlists::shared().keep(subject_.family, finalists);
      std::vector<std::string> entered;
      for (const std::size_t place : entered_) entered.push_back(names_[place]);
      const auto tuning = keep_winner(subject_.key, entered, result, file_);
      if (tuning && args_.log != nullptr) args_.log->chosen(*tuning);
    }
    return {.index = winner, .seconds = result.seconds, .screened = result.screened};
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
  std::vector<std::string> names_;  ///< of candidates_
  std::vector<std::string> avoid_;
  std::vector<std::size_t> entered_;  ///< places in candidates_
};

}  // namespace

SearchSubject search_subject(const device::Device& device, std::string_view library,
                             std::string_view kernel, const GemmProblem& problem,
                             const CacheState& cache, std::string_view variant) {
  GemmProblem relative = problem;
  relative.bias = false;
  relative.d = DataType::kBf16;
  const auto detail = [&](const char* name) {
    const auto found = device.info().details.find(name);
    return found == device.info().details.end() ? std::string() : found->second;
  };
  return {.key = {.gpu = device.id().name,
                  .library = std::string(library),
                  .kernel = std::string(kernel),
                  .problem = to_string(problem),
                  .cache = cache.mode,
                  .driver = detail("driver"),
                  .power_limit = detail("power_limit_w")},
          .family = fmt::format("{} {} {} {}", library, variant, to_string(relative),
                                to_string(cache.mode))};
}

std::vector<std::string> names_to_try(const SearchSubject& subject, TuningFile& file) {
  if (const auto tuned = file.find(subject.key)) {
    std::vector<std::string> names{tuned->algorithm};
    if (!tuned->runner_up.empty()) names.push_back(tuned->runner_up);
    return names;
  }
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
  Race race(candidates, args, subject, file);
  if (const auto tuned = race.from_file()) return *tuned;
  return race.run();
}

}  // namespace twofour::providers
