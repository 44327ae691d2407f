// What a run has brought so far, and what is made of it: rows go to the sinks, untimely ends become
// rows or attempts to avoid.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/progress.h"
#include "app/sinks.h"
#include "core/function_ref.h"
#include "report/report.h"
#include "run/ledger.h"
#include "run/supervisor.h"
#include "workload/workload.h"

namespace twofour::app {

class Recorder final : public run::RunListener {
 public:
  /// `ledger`: what an earlier part of the run left. `not_written`: what of it is not in the sinks
  /// yet. The sinks live longer than the recorder.
  Recorder(std::span<const workload::Case> cases, run::Ledger ledger, LeftBehind not_written,
           std::vector<Sink*> sinks, double case_timeout_s, bool quiet);

  /// Rows of the ledger keep their samples; else those are in the file alone.
  void keep_samples() { keep_ = report::KeepSamples::kYes; }
  /// The run has further cases, behind those that it had; `cases` are all.
  void expect(std::span<const workload::Case> cases);

  void environment(const Environment& environment) override;
  void start(const run::Start& start) override;
  void begin_case(int case_index) override;
  void row(const Record& record) override;
  void case_end(int case_index) override;
  void ended(const run::Attempt& attempt, const run::Ending& ending) override;
  [[nodiscard]] std::size_t rows() const override { return ledger_.records().size(); }

  [[nodiscard]] const run::Ledger& ledger() const { return ledger_; }
  /// Whether measuring has begun: the options fit the device, and the file is of this run.
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] const std::string& reserved() const { return reserved_; }
  /// Whether some sink could not be written.
  [[nodiscard]] bool lost_some() const { return !lost_.empty(); }
  [[nodiscard]] bool lost(Sink& sink) const { return lost_.contains(&sink); }
  void finish();

 private:
  /// Tells each sink. One that cannot be written takes no further part, and that is said once;
  /// where results would be lost, the exception passes through.
  void tell(FunctionRef<void(Sink&)> tell);
  void write(const Record& record);
  /// What an earlier part of the run left comes before all that is new.
  void write_left_behind();
  bool try_again(const run::Attempt& attempt, const std::string& reason);

  std::span<const workload::Case> cases_;
  run::Ledger ledger_;
  LeftBehind not_written_;
  std::vector<Sink*> sinks_;
  std::set<Sink*> lost_;
  report::KeepSamples keep_ = report::KeepSamples::kNo;
  double case_timeout_s_;
  Progress progress_;
  bool started_ = false;
  bool opened_ = false;  ///< the sinks know what the run runs on
  std::string reserved_;
  std::set<int> changed_cases_;  ///< rows came after their block was shown
};

/// How a process ended, in words that a row's reason has.
std::string reason_of(const run::Ending& ending, double case_timeout_s);

}  // namespace twofour::app
