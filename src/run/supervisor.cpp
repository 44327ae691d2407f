#include "run/supervisor.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/streams.h"
#include "device/device.h"
#include "measure/measure.h"
#include "run/child_process.h"
#include "run/held_signals.h"
#include "run/piped_orders.h"

namespace twofour::run {
namespace {

constexpr double kTick_s = 0.05;
/// After a case the next one may be as short, and the child must not wait for orders.
constexpr double kShortTick_s = 0.001;
/// Cases that a child is given ahead.
constexpr std::size_t kWindow = 2;
/// How long one call may go on after an interruption.
constexpr double kGrace_s = 5;

/// Of a child whose device is gone. Why stands in its part file.
constexpr int kDeviceGoneCode = 75;
/// Of a child that cannot write its part file.
constexpr int kPartLostCode = 74;

/// What asks for the end: signals, and what SupervisorConfig tells.
class Requests {
 public:
  explicit Requests(const SupervisorConfig& config) : config_(config) {}
  /// Waits for `seconds`, or until a signal is there. Returns how many have come.
  int wait(double seconds) {
    const int by_signal = signals_.wait(seconds);
    const int told = config_.asked_to_end ? config_.asked_to_end() : 0;
    return by_signal + told - std::exchange(told_, told);
  }
  void leave_to_parent() const { signals_.leave_to_parent(); }

 private:
  const SupervisorConfig& config_;
  HeldSignals signals_;
  int told_ = 0;
};

using Measure = std::function<int(Orders&, ResultStream&, Attempts&)>;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  int ends[2] = {};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// The child's whole life.
int measure_and_tell(const std::filesystem::path& part, Pipe& pipe, const Measure& measure) {
  pipe.write.reset();
  PartWriter writer(part);
  PipedOrders orders(std::move(pipe.read));
  try {
    try {
      return measure(orders, writer, writer);
    } catch (const device::DeviceLost& error) {
      writer.device_gone(error.what());
      // What holds the device cannot be given back any more, and must not hang while it tries.
      (void)std::fflush(nullptr);
      std::_Exit(kDeviceGoneCode);
    }
  } catch (const PartLost& lost) {
    say(lost.what());
    return kPartLostCode;
  }
}

/// One child and what is known of it.
class Supervised {
 public:
  Supervised(const SupervisorConfig& config, CaseQueue& queue, RunListener& listener,
             Requests& requests, const Measure& measure)
      : config_(config),
        queue_(queue),
        listener_(listener),
        requests_(requests),
        pipe_(make_pipe()),
        emptied_((PartWriter(config.part), true)),
        child_([&] {
          requests_.leave_to_parent();
          return measure_and_tell(config_.part, pipe_, measure);
        }),
        reader_(config.part),
        last_s_(measure::steady_seconds()) {}

  /// Until it ends. `interrupts` counts the signals that asked for the end.
  Ending watch(int& interrupts) {
    while (true) {
      const int more = requests_.wait(tick_s_);
      if (more > 0) interrupted(interrupts, more);
      count_time();
      read_lines();
      give_orders(interrupts > 0);
      if (const auto status = child_.poll()) return ending(*status);
      judge(interrupts > 0);
    }
  }

  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] bool attempted() const { return slot_.sequence > 0; }
  /// Whether nothing was left to do for it.
  [[nodiscard]] bool finished() const { return started_ && queue_.over() && given_.empty(); }
  /// What it had in hand at its end; nothing where that returned while it was being killed.
  [[nodiscard]] std::optional<Attempt> attempt() const {
    if (hung_ && hung_ != slot_.sequence) return std::nullopt;
    const auto described = described_.find(slot_.row);
    if (described == described_.end()) return std::nullopt;
    return Attempt{described->second, slot_.algorithm, slot_.scope};
  }

 private:
  void interrupted(int& interrupts, int more) {
    if (interrupts == 0) {
      send("interrupt\n");
      since_s_ = 0;
    }
    interrupts += more;
    if (interrupts > 1) child_.kill();
  }

  /// Time in which this process was stopped, or the child, is none in which the child could run.
  void count_time() {
    const double now_s = measure::steady_seconds();
    if (!child_.stopped()) since_s_ += std::min(now_s - last_s_, 2 * kTick_s);
    last_s_ = now_s;
    tick_s_ = std::min(2 * tick_s_, kTick_s);
  }

  void read_lines() {
    for (PartLine& line : reader_.new_lines()) {
      std::visit([this](auto& content) { take(content); }, line);
    }
    const auto slot = reader_.slot();
    if (!slot || slot->sequence == slot_.sequence) return;
    slot_ = *slot;
    since_s_ = 0;
  }

  void take(const Environment& environment) { listener_.environment(environment); }
  void take(const Record& record) { listener_.row(record); }
  void take(Described& described) {
    described_.insert_or_assign(described.row, std::move(described.record));
  }
  void take(const DeviceGone& gone) { device_gone_ = gone.reason; }
  void take(const Start& start) {
    started_ = true;
    queue_.start(start.cases);
    listener_.start(start);
  }
  void take(const CaseEnd& end) {
    if (!given_.empty() && given_.front() == end.case_index) given_.pop_front();
    described_.clear();
    listener_.case_end(end.case_index);
    if (!given_.empty()) listener_.begin_case(given_.front());
    tick_s_ = kShortTick_s;
  }

  void give_orders(bool interrupted) {
    if (!started_ || interrupted) return;
    while (given_.size() < kWindow) {
      const std::optional<int> next = queue_.next();
      if (!next) break;
      send("case " + std::to_string(*next) + "\n");
      given_.push_back(*next);
      if (given_.size() == 1) listener_.begin_case(given_.front());
    }
    if (queue_.over() && !std::exchange(told_to_finish_, true)) send("finish\n");
  }

  /// This process holds the other end too, so that writing to a child that is gone is no error.
  void send(std::string_view line) {
    [[maybe_unused]] const ssize_t written = write(pipe_.write.get(), line.data(), line.size());
  }

  void judge(bool interrupted) {
    const double grace_s =
        config_.case_timeout_s > 0 ? std::min(kGrace_s, config_.case_timeout_s) : kGrace_s;
    const bool in_call = slot_.row != 0;
    const bool too_long =
        in_call && config_.case_timeout_s > 0 && since_s_ > config_.case_timeout_s;
    if (!too_long && !(interrupted && since_s_ > grace_s)) return;
    // It may have returned just now.
    const std::uint64_t sequence = slot_.sequence;
    read_lines();
    if (slot_.sequence != sequence) return;
    child_.kill();
    hung_ = too_long ? std::optional(sequence) : std::nullopt;
  }

  Ending ending(int status) {
    read_lines();
    if (device_gone_) return {.kind = EndingKind::kDevice, .said = *device_gone_};
    if (hung_ == slot_.sequence) return {.kind = EndingKind::kDeadline};
    if (WIFSIGNALED(status)) return {.kind = EndingKind::kSignal, .code = WTERMSIG(status)};
    return {.kind = EndingKind::kExit, .code = WEXITSTATUS(status)};
  }

  const SupervisorConfig& config_;
  CaseQueue& queue_;
  RunListener& listener_;
  Requests& requests_;
  Pipe pipe_;
  bool emptied_;  ///< the file, before a child that may never write it
  ChildProcess child_;
  PartReader reader_;
  double last_s_;
  double since_s_ = 0;  ///< how long the attempt in hand has been in hand
  double tick_s_ = kShortTick_s;
  bool started_ = false;
  bool told_to_finish_ = false;
  std::deque<int> given_;
  std::map<int, Record> described_;
  Slot slot_;
  std::optional<std::string> device_gone_;
  std::optional<std::uint64_t> hung_;  ///< the attempt for which it was killed
};

}  // namespace

RunResult supervise(const SupervisorConfig& config, RunListener& listener, const Measure& measure) {
  Requests requests(config);
  CaseQueue queue(config.source);
  int interrupts = 0;
  for (int idle = 0;;) {
    const std::size_t rows_before = listener.rows();
    Supervised child(config, queue, listener, requests, measure);
    RunResult result{.last = child.watch(interrupts)};
    const Ending& ending = result.last;
    const bool by_itself = ending.kind == EndingKind::kExit;
    if (by_itself && ending.code == kPartLostCode) {
      result.end = interrupts > 0 ? RunEnd::kInterrupted : RunEnd::kCannotWrite;
      return result;
    }
    const auto attempt = child.attempt();
    // A child that was killed for an interruption failed at nothing.
    const bool killed = ending.kind == EndingKind::kSignal && ending.code == SIGKILL;
    const bool counts = interrupts == 0 || (ending.kind == EndingKind::kSignal && !killed);
    if (attempt && counts) listener.ended(*attempt, ending);
    if (interrupts > 0) {
      result.end = RunEnd::kInterrupted;
      return result;
    }
    if (by_itself && ending.code == 0 && child.finished()) return result;
    if (by_itself && !child.started()) {
      result.end = RunEnd::kRefused;
      return result;
    }
    idle = listener.rows() > rows_before ? 0 : idle + 1;
    if (child.attempted() && idle < kMostIdleChildren) continue;
    result.end = child.attempted() ? RunEnd::kNoProgress : RunEnd::kBadStart;
    return result;
  }
}

}  // namespace twofour::run
