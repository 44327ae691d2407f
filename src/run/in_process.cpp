#include "run/in_process.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "device/device.h"

namespace twofour::run {
namespace {

/// Between two questions for more cases.
constexpr std::chrono::milliseconds kPause{1};

/// Hands on at once what a child would write down.
class Shortcut final : public Orders, public ResultStream, public Attempts {
 public:
  Shortcut(RunListener& listener, std::stop_token stop, CaseSource* source)
      : listener_(listener), stop_(std::move(stop)), queue_(source) {}

  std::optional<int> next_case() override {
    while (!stop_.stop_requested() && !queue_.over()) {
      const std::optional<int> next = queue_.next();
      if (next) listener_.begin_case(*next);
      if (next) return next;
      std::this_thread::sleep_for(kPause);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::stop_token stop() const override { return stop_; }

  void environment(const Environment& environment) override { listener_.environment(environment); }
  void start(const Start& start) override {
    queue_.start(start.cases);
    listener_.start(start);
  }
  void row(const Record& record) override { listener_.row(record); }
  void case_end(int case_index) override {
    rows_.clear();
    listener_.case_end(case_index);
  }

  int describe(const Record& row) override {
    rows_[++described_] = row;
    return described_;
  }
  void enter(int row) override { in_hand_ = {row, {}, {}}; }
  void try_algorithm(int row, const std::string& algorithm,
                     const providers::SearchScope& scope) override {
    in_hand_ = {row, algorithm, scope};
  }
  void leave() override { in_hand_ = {}; }

  [[nodiscard]] std::optional<Attempt> attempt() const {
    const auto row = rows_.find(in_hand_.row);
    if (row == rows_.end()) return std::nullopt;
    return Attempt{row->second, in_hand_.algorithm, in_hand_.scope};
  }

 private:
  struct InHand {
    int row = 0;
    std::string algorithm;
    providers::SearchScope scope;
  };

  RunListener& listener_;
  std::stop_token stop_;
  CaseQueue queue_;
  std::map<int, Record> rows_;
  int described_ = 0;
  InHand in_hand_;
};

}  // namespace

RunResult run_in_process(RunListener& listener, std::stop_token stop,
                         const std::function<int(Orders&, ResultStream&, Attempts&)>& measure,
                         CaseSource* source) {
  Shortcut shortcut(listener, stop, source);
  RunResult result;
  try {
    result.last.code = measure(shortcut, shortcut, shortcut);
  } catch (const device::DeviceLost& error) {
    result.last = {.kind = EndingKind::kDevice, .said = error.what()};
    result.end = RunEnd::kNoProgress;
    if (const auto attempt = shortcut.attempt()) listener.ended(*attempt, result.last);
  }
  if (stop.stop_requested()) result.end = RunEnd::kInterrupted;
  return result;
}

}  // namespace twofour::run
