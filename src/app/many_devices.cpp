#include "app/many_devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "app/device_run.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/interrupt.h"
#include "app/joined_file.h"
#include "app/joined_results.h"
#include "app/option_names.h"
#include "app/progress.h"
#include "app/same_environment.h"
#include "core/streams.h"
#include "run/child_process.h"
#include "run/ending.h"
#include "run/held_signals.h"
#include "run/shards.h"

namespace twofour::app {
namespace {

/// How often ends of processes and the progress line are looked for.
constexpr double kTick_s = 0.1;

/// The cases that go to one device together, of those that this run measures.
std::vector<std::vector<int>> own_groups(const BenchOptions& options,
                                         const std::vector<workload::Case>& cases,
                                         std::size_t devices) {
  const std::vector<int> own = own_cases(options, cases);
  std::vector<std::vector<int>> groups = run::case_groups(cases, static_cast<int>(devices));
  for (std::vector<int>& group : groups) {
    std::erase_if(group,
                  [&](int place) { return !std::binary_search(own.begin(), own.end(), place); });
  }
  std::erase_if(groups, [](const std::vector<int>& group) { return group.empty(); });
  if (groups.size() >= devices) return groups;
  groups.clear();
  for (const int place : own) groups.push_back({place});
  return groups;
}

/// Whether the rows behind an environment are of `device`.
bool is_of(const Environment& environment, const DeviceId& device) {
  const DeviceId& id = environment.device.id;
  return id.kind == device.kind && id.uuid == device.uuid && id.name == device.name;
}

/// The processes of all devices.
class Processes {
 public:
  explicit Processes(const Crew& crew)
      : crew_(crew),
        children_(crew.devices.size()),
        codes_(crew.devices.size()),
        progress_(crew.own.size() * (crew.deal != nullptr ? 1 : crew.devices.size()),
                  !crew.options.quiet) {}

  /// Until all have ended.
  void run() {
    // What is wrong with the command line, the first one says alone.
    start(0);
    while (codes_[0] == std::nullopt && !crew_.board.rank(0).accepted) look();
    if (codes_[0] != kExitUsage) {
      for (std::size_t rank = 1; rank < children_.size() && requests_ == 0; ++rank) start(rank);
      while (any_running()) look();
    }
    progress_.clear();
  }

  [[nodiscard]] bool interrupted() const { return requests_ > 0; }
  [[nodiscard]] bool any_started() const {
    for (int rank = 0; rank < crew_.board.ranks(); ++rank) {
      if (crew_.board.rank(rank).started) return true;
    }
    return false;
  }
  /// Whether all have done what they had.
  [[nodiscard]] bool all_well() const {
    return std::all_of(codes_.begin(), codes_.end(), [](const auto& code) { return code == 0; });
  }
  [[nodiscard]] int worst_code() const {
    int worst = kExitOk;
    for (const auto& code : codes_) worst = std::max(worst, code.value_or(kExitOk));
    return worst;
  }

 private:
  void start(std::size_t rank) {
    children_[rank] = std::make_unique<run::ChildProcess>([this, rank] {
      signals_.leave_to_parent();
      return exit_code_of_all([&] { return run_device(crew_, static_cast<int>(rank)); });
    });
  }

  [[nodiscard]] bool any_running() const {
    for (std::size_t rank = 0; rank < children_.size(); ++rank) {
      if (children_[rank] && !codes_[rank]) return true;
    }
    return false;
  }

  void look() {
    const int more = signals_.wait(kTick_s);
    if (more > 0) crew_.board.ask_to_end(more);
    requests_ += more;
    for (std::size_t rank = 0; rank < children_.size(); ++rank) {
      if (!children_[rank] || codes_[rank]) continue;
      if (const auto status = children_[rank]->poll()) ended(rank, *status);
    }
    show_progress();
  }

  void ended(std::size_t rank, int status) {
    const bool by_signal = WIFSIGNALED(status);
    codes_[rank] = by_signal ? kExitFailed : WEXITSTATUS(status);
    const auto number = static_cast<int>(rank);
    const std::size_t given_back = crew_.deal != nullptr ? crew_.deal->release(number) : 0;
    crew_.board.rank(number).alive = false;
    crew_.board.rank(number).current = -1;
    if (codes_[rank] == kExitOk || codes_[rank] == kExitUsage || requests_ > 0) return;
    progress_.clear();
    const std::string how =
        by_signal ? ", ended by " + run::signal_name(WTERMSIG(status)) : std::string();
    const bool others = any_running() || !children_.back();
    if (given_back > 0 && others) {
      say(fmt::format("{} is lost{}: {} of its cases {} to the other devices",
                      name_of(crew_.devices[rank]), how, given_back,
                      given_back == 1 ? "goes" : "go"));
    } else {
      say(fmt::format("{} is lost{}", name_of(crew_.devices[rank]), how));
    }
  }

  void show_progress() {
    std::size_t finished = 0;
    std::string what;
    for (int rank = 0; rank < crew_.board.ranks(); ++rank) {
      const job::RankState& state = crew_.board.rank(rank);
      finished += static_cast<std::size_t>(state.finished.load());
      const int current = state.current;
      if (current < 0) continue;
      const workload::Case& c = crew_.cases[static_cast<std::size_t>(current)];
      what += fmt::format("{}{} {}", what.empty() ? "" : ", ",
                          name_of(crew_.devices[static_cast<std::size_t>(rank)]), mkn(c.shape));
    }
    if (crew_.deal != nullptr) finished = crew_.own.size() - crew_.deal->left();
    if (what.empty() || what == shown_) return;
    shown_ = what;
    progress_.begin(finished, what);
  }

  const Crew& crew_;
  run::HeldSignals signals_;
  std::vector<std::unique_ptr<run::ChildProcess>> children_;
  std::vector<std::optional<int>> codes_;
  Progress progress_;
  std::string shown_;
  int requests_ = 0;
};

/// Of an earlier part of the run, for each device. Throws UsageError.
std::vector<run::Ledger> earlier_ledgers(const BenchOptions& options, JsonlFile& file,
                                         const std::vector<ListedDevice>& devices) {
  constexpr auto kKeep = report::KeepSamples::kNo;
  if (!options.resume) return std::vector<run::Ledger>(devices.size());
  try {
    run::Ledger all = file.read(kKeep);
    require_resumable(all, file.path());
    if (options.spread == Spread::kSplit) {
      return std::vector<run::Ledger>(devices.size(), all);
    }
    std::vector<run::Ledger> ledgers;
    ledgers.reserve(devices.size());
    for (const ListedDevice& device : devices) {
      ledgers.push_back(file.read_parts(
          kKeep, [&](const Environment& environment) { return is_of(environment, device.id); }));
    }
    return ledgers;
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", option::kResume, error.what()));
  }
}

std::string names_of(const std::vector<ListedDevice>& devices) {
  std::vector<std::string> names;
  names.reserve(devices.size());
  for (const ListedDevice& device : devices) names.push_back(name_of(device));
  return fmt::format("{}", fmt::join(names, ", "));
}

void tell_begin(const BenchOptions& options, const std::vector<ListedDevice>& devices) {
  for (const std::string& note : notes_on(devices)) say(note);
  if (options.quiet) return;
  const bool split = options.spread == Spread::kSplit;
  write_to_stderr(
      fmt::format("{} devices ({}): {}{}\n", devices.size(), names_of(devices),
                  split ? "each case goes to one that is free" : "each measures every case",
                  options.together ? ", all at once" : ""));
}

/// "1 group", "2 groups".
std::string count_of(std::size_t number, std::string_view one) {
  return fmt::format("{} {}{}", number, one, number == 1 ? "" : "s");
}

/// "2.5 s", "1:05".
std::string time_text(double seconds) {
  constexpr double kMinute_s = 60;
  return seconds < kMinute_s ? fmt::format("{:.2g} s", seconds) : clock_text(seconds);
}

/// Rows in the file, and what is shown of them.
int conclude(const BenchOptions& options, JsonlFile& file, const Processes& processes,
             const job::Deal* deal) {
  // A case that a lost device had begun is there as another one has measured it.
  take_in_rank_files(file, [&](int rank, int case_index) {
    const std::optional<int> by = deal != nullptr ? deal->done_by(case_index) : std::nullopt;
    return !by || *by == rank;
  });
  if (!processes.any_started()) {
    return processes.interrupted() ? kExitInterrupted : processes.worst_code();
  }
  file.keep();
  const std::size_t left = deal != nullptr ? deal->left() : 0;
  if (left > 0 && !processes.interrupted()) {
    say(fmt::format("{} {} no rows: no device is left; {} {} measures {}", left,
                    left == 1 ? "case has" : "cases have", option::kResume, file.path().string(),
                    left == 1 ? "it" : "them"));
  }
  if (!options.quiet) {
    write_to_stderr(
        fmt::format("results: {} and beside it .csv and .pkl{}{}\n", file.path().string(),
                    options.html ? "; page: " + options.html->string() : "",
                    options.dispatch ? "; dispatch: " + options.dispatch->string() : ""));
  }
  const int code = show_joined(options, file.path(), processes.all_well() && left == 0);
  return processes.interrupted() ? kExitInterrupted : code;
}

}  // namespace

int bench_many(const BenchOptions& options, const CommandLine& line,
               const std::vector<workload::Case>& cases, const std::vector<ListedDevice>& devices,
               const std::string& job) {
  const bool split = options.spread == Spread::kSplit;
  JsonlFile file =
      options.resume ? open_to_resume(*options.resume)
                     : JsonlFile::make(options.output_dir, to_string(options.mode), options.dtype);
  std::vector<run::Ledger> earlier = earlier_ledgers(options, file, devices);
  tell_begin(options, devices);
  const BlockedSignals signals;
  const std::vector<int> own = own_cases(options, cases);
  const job::Board board(static_cast<int>(devices.size()));
  std::optional<job::Deal> deal;
  if (split) deal.emplace(board, own_groups(options, cases, devices.size()), cases.size());
  std::optional<job::Winners> winners;
  if (!split) winners.emplace();
  const Crew crew{
      .options = options,
      .line = line,
      .cases = cases,
      .own = own,
      .devices = devices,
      .joined = file.path(),
      .job = job,
      .board = board,
      .deal = deal ? &*deal : nullptr,
      .winners = winners ? &*winners : nullptr,
      .earlier = [&](int rank) { return std::move(earlier[static_cast<std::size_t>(rank)]); }};
  Processes processes(crew);
  processes.run();
  return conclude(options, file, processes, crew.deal);
}

std::string devices_plan(const BenchOptions& options, const std::vector<workload::Case>& cases,
                         const std::vector<ListedDevice>& devices, double max_time_s) {
  std::string text;
  for (const ListedDevice& device : devices) {
    text += fmt::format("{}: {}{}{}\n", name_of(device), device.id.name,
                        device.id.uuid.empty() ? "" : ", ", device.id.uuid);
  }
  const double own = static_cast<double>(own_cases(options, cases).size());
  const double whole_s = own * max_time_s;
  const auto count = static_cast<double>(devices.size());
  if (options.spread == Spread::kReplicate) {
    return text + fmt::format(
                      "each of {} devices measures every case{}: sampling takes at most {} "
                      "on each, as on one\n",
                      devices.size(), options.together ? ", all at once" : "", time_text(whole_s));
  }
  const std::size_t groups = own_groups(options, cases, devices.size()).size();
  return text + fmt::format(
                    "{} of cases {} to {} devices as they are free, all M of a layer "
                    "to one: sampling takes at most about {}, on one device {}\n",
                    count_of(groups, "group"), groups == 1 ? "goes" : "go", devices.size(),
                    time_text(whole_s / count), time_text(whole_s));
}

}  // namespace twofour::app
