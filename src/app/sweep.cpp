#include "app/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "app/environment.h"
#include "app/exit_code.h"
#include "app/losses.h"
#include "app/progress.h"
#include "app/result_files.h"
#include "app/resume.h"
#include "app/watchdog.h"
#include "report/spent.h"
#include "run/case_plan.h"

namespace twofour::app {
namespace {

void print(std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
  (void)std::fflush(stdout);
}

/// The operand types that the session multiplies.
std::vector<DataType> types_of(const Session& session) {
  std::vector<DataType> types;
  for (const run::SelectedKernel& selected : session.kernels) {
    if (std::find(types.begin(), types.end(), selected.kernel.a) == types.end()) {
      types.push_back(selected.kernel.a);
    }
  }
  return types;
}

/// A row that says why a provider takes no part in a case.
std::vector<Record> rows_of_missing_providers(const Session& session, const workload::Case& c) {
  std::vector<Record> rows;
  for (const run::ProviderInstance& instance : session.providers) {
    if (!instance.provider) rows.push_back(run::unavailable_record(session.config, c, instance));
  }
  return rows;
}

class Sweep {
 public:
  Sweep(const BenchOptions& options, Session& session, std::span<const workload::Case> cases,
        const Interrupt& interrupt, const Relaunch& relaunch)
      : options_(options),
        session_(session),
        cases_(cases),
        interrupt_(interrupt),
        relaunch_(relaunch) {}

  int run() {
    reserve_memory();
    options_.resume ? resume() : begin();
    {
      const Watchdog watchdog(activity_, options_.case_timeout_s,
                              [this](const run::Activity::Entry& entry) { give_up_on(entry); });
      Progress progress(cases_.size(), !options_.quiet);
      for (std::size_t i = 0; i < cases_.size() && !interrupt_.requested(); ++i) {
        measure(i, progress);
      }
    }
    files_->finish(records_);
    if (options_.format->closing != nullptr) print(options_.format->closing(records_));
    if (!options_.quiet) {
      print_time_spent();
      fmt::print(stderr, "results: {} and beside it .csv and .pkl\n", files_->jsonl().string());
    }
    return exit_code();
  }

 private:
  /// Before the first case: what the largest one takes. The others then take their memory from it.
  void reserve_memory() {
    const auto elements = [](const workload::Case& c) {
      const auto m = static_cast<double>(c.shape.m);
      const auto n = static_cast<double>(c.shape.n);
      const auto k = static_cast<double>(c.shape.k);
      return c.skip_reason ? 0 : (m + n) * k + m * n;
    };
    const auto largest = std::max_element(cases_.begin(), cases_.end(),
                                          [&](const workload::Case& x, const workload::Case& y) {
                                            return elements(x) < elements(y);
                                          });
    if (largest == cases_.end()) return;
    const std::size_t bytes =
        run::plan_case(session_.config, *largest, session_.kernels, session_.device()).peak_bytes;
    const double start = measure::steady_seconds();
    reserved_bytes_ = session_.device().memory().reserve(bytes);
    reserve_s_ = measure::steady_seconds() - start;
  }

  [[nodiscard]] std::string reserved() const {
    return fmt::format("{:.2f} s for {:.2f} GiB of memory", reserve_s_,
                       static_cast<double>(reserved_bytes_) / (1 << 30));
  }

  void begin() {
    std::vector<std::string> argv{"twofour"};
    const auto& arguments = relaunch_.arguments();
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    Environment environment =
        describe_environment(session_.device(), session_.providers, std::move(argv), options_.seed);
    if (reserved_bytes_ != 0) environment.device.details["reserved"] = reserved();
    environment.roofs = session_.device().probe().measure_roofs(types_of(session_));
    roofs_ = environment.roofs;
    try {
      files_.emplace(options_.output_dir, to_string(session_.config.mode), options_.dtype,
                     environment);
    } catch (const std::filesystem::filesystem_error& error) {
      throw std::runtime_error(fmt::format("--output-dir: '{}' cannot be made: {}",
                                           options_.output_dir.string(), error.code().message()));
    }
    if (options_.format->opening != nullptr) print(options_.format->opening(environment));
  }

  void resume() {
    try {
      report::Results earlier = read_jsonl(*options_.resume);
      if (earlier.environment.schema_version != kSchemaVersion) {
        throw std::invalid_argument(fmt::format(
            "'{}' has schema_version {}; only a run of schema_version {} can be gone on with",
            options_.resume->string(), earlier.environment.schema_version, kSchemaVersion));
      }
      roofs_ = earlier.environment.roofs;
      records_ = std::move(earlier.records);
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("--resume: {}", error.what()));
    }
    check_same_run(session_, cases_, records_);
    files_.emplace(*options_.resume);
  }

  void measure(std::size_t index, Progress& progress) {
    const workload::Case& c = cases_[index];
    std::vector<run::SelectedKernel> kernels = kernels_left(session_, c, records_);
    for (run::SelectedKernel& selected : kernels) {
      selected.lost_algorithms = lost_by(relaunch_.losses(), c.index, selected.kernel.name);
    }
    const bool untouched = std::none_of(records_.begin(), records_.end(),
                                        [&](const Record& r) { return r.case_index == c.index; });
    std::vector<Record> rows;
    if (untouched) rows = rows_of_missing_providers(session_, c);
    if (kernels.empty() && rows.empty()) return;
    progress.begin(index, mkn(c.shape));
    run::CaseResult result = run::run_case(session_.config, c, kernels, session_.device(), roofs_,
                                           activity_, interrupt_.token());
    std::vector<Loss> losses = losses_of_case(relaunch_.losses(), c.index);
    forgive(result, c.index, losses);
    for (Record& record : result.records) {
      // Not a result: --resume measures it.
      if (interrupt_.requested() && record.outcome.kind == OutcomeKind::kSkipped &&
          record.outcome.reason == run::kInterruptedReason) {
        continue;
      }
      rows.push_back(std::move(record));
    }
    files_->append(rows);
    progress.clear();
    if (result.device_lost) {
      if (options_.format->row_by_row) print_rows(rows);
      relaunch_.resume_from(files_->jsonl(), losses);
    }
    records_.insert(records_.end(), rows.begin(), rows.end());
    // A case that a fresh process completes is shown whole, with the rows of the earlier one.
    if (options_.format->row_by_row) {
      print_rows(rows);
    } else if (!rows.empty()) {
      print_rows(rows_of_case(c.index));
    }
  }

  /// After a search that lost the device: takes its row out of `result` and adds to `losses`, so
  /// that the next process tries the row again. The row stays where that is no use any more.
  static void forgive(run::CaseResult& result, int case_index, std::vector<Loss>& losses) {
    if (!result.loss) return;
    const run::CaseResult::Loss& loss = *result.loss;
    const auto row =
        std::find_if(result.records.begin(), result.records.end(),
                     [&](const Record& record) { return record.kernel == loss.kernel; });
    if (!add_loss(losses, {case_index, loss.kernel, loss.algorithm})) {
      row->outcome.reason += earlier_losses(losses, *row);
      return;
    }
    say_tried_again(*row, row->outcome.reason);
    result.records.erase(row);
  }

  /// For the reason of a row that is given up.
  static std::string earlier_losses(std::span<const Loss> losses, const Record& record) {
    return fmt::format("; its search lost the device before with {}",
                       fmt::join(lost_by(losses, record.case_index, record.kernel), ", "));
  }

  static void say_tried_again(const Record& record, std::string_view reason) {
    fmt::print(stderr, "twofour: {} {}: {}; it is tried again without, in a fresh process\n",
               record.kernel, mkn(record.problem.shape), reason);
  }

  [[nodiscard]] std::vector<Record> rows_of_case(int index) const {
    std::vector<Record> rows;
    std::copy_if(records_.begin(), records_.end(), std::back_inserter(rows),
                 [&](const Record& record) { return record.case_index == index; });
    return rows;
  }

  void print_rows(std::span<const Record> rows) const {
    if (options_.format->case_block != nullptr) print(options_.format->case_block(rows));
  }

  /// Called on the watchdog's thread while the kernel of `entry` still runs.
  void give_up_on(const run::Activity::Entry& entry) {
    Record failed = *entry.record;
    failed.outcome = {OutcomeKind::kFailed, fmt::format("did not return within --case-timeout {} s",
                                                        options_.case_timeout_s)};
    std::vector<Loss> losses = losses_of_case(relaunch_.losses(), failed.case_index);
    if (const std::string& algorithm = entry.attempt.algorithm; !algorithm.empty()) {
      failed.outcome.reason = fmt::format("{}: {}", algorithm, failed.outcome.reason);
      run::add_lost(failed, algorithm);
      entry.attempt.never_again();
      if (add_loss(losses, {failed.case_index, failed.kernel, algorithm})) {
        say_tried_again(failed, failed.outcome.reason);
        relaunch_.resume_from(files_->jsonl(), losses);
      }
      failed.outcome.reason += earlier_losses(losses, failed);
    }
    const std::vector<Record> rows{failed};
    files_->append(rows);
    if (options_.format->row_by_row) print_rows(rows);
    relaunch_.resume_from(files_->jsonl(), losses);
  }

  void print_time_spent() const {
    const report::TimeSpent spent = report::time_spent(records_);
    if (spent.total_s() <= 0) return;
    fmt::print(stderr,
               "time in cases: {:.1f} s, of which {:.1f} % set-up ({:.2f} s) and verification "
               "({:.2f} s){}{}\n",
               spent.total_s(), 100 * spent.overhead(), spent.set_up_s, spent.verify_s,
               reserved_bytes_ != 0 ? "; before them " : "",
               reserved_bytes_ != 0 ? reserved() : "");
  }

  [[nodiscard]] int exit_code() const {
    const auto any = [this](OutcomeKind kind) {
      return std::any_of(records_.begin(), records_.end(),
                         [&](const Record& record) { return record.outcome.kind == kind; });
    };
    if (interrupt_.requested()) return kExitInterrupted;
    if (any(OutcomeKind::kIncorrect)) return kExitIncorrect;
    return any(OutcomeKind::kFailed) ? kExitFailed : kExitOk;
  }

  const BenchOptions& options_;
  Session& session_;
  std::span<const workload::Case> cases_;
  const Interrupt& interrupt_;
  const Relaunch& relaunch_;
  run::Activity activity_;
  Roofs roofs_;
  std::size_t reserved_bytes_ = 0;
  double reserve_s_ = 0;
  std::optional<ResultFiles> files_;
  std::vector<Record> records_;
};

}  // namespace

int run_sweep(const BenchOptions& options, Session& session, std::span<const workload::Case> cases,
              const Interrupt& interrupt, const Relaunch& relaunch) {
  return Sweep(options, session, cases, interrupt, relaunch).run();
}

}  // namespace twofour::app
