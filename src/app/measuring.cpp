#include "app/measuring.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "app/environment.h"
#include "app/exit_code.h"
#include "app/model_files.h"
#include "app/option_names.h"
#include "app/same_environment.h"
#include "app/same_run.h"
#include "app/session.h"
#include "app/survey_weights.h"
#include "core/streams.h"
#include "measure/measure.h"
#include "providers/tuning.h"
#include "report/report.h"
#include "report/results.h"
#include "run/case_plan.h"
#include "run/limits.h"
#include "run/runner.h"
#include "run/twin.h"
#include "weights/model_weights.h"

namespace twofour::app {
namespace {

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

/// Before the first case: what the largest one takes. The others then take their memory from it.
/// Returns what that took, in words; nothing where none was reserved.
std::string reserve_memory(Session& session, const Request& request) {
  const auto elements = [](const workload::Case& c) {
    const auto m = static_cast<double>(c.shape.m);
    const auto n = static_cast<double>(c.shape.n);
    const auto k = static_cast<double>(c.shape.k);
    const auto gemms = static_cast<double>(c.experts.value_or(1));  // each has weights of its own
    return c.skip_reason ? 0 : m * k + gemms * n * k + m * n;
  };
  const workload::Case* largest = nullptr;
  for (const int place : request.own) {
    const workload::Case& c = request.cases[static_cast<std::size_t>(place)];
    if (largest == nullptr || elements(*largest) < elements(c)) largest = &c;
  }
  if (largest == nullptr) return {};
  const std::size_t wanted =
      run::plan_case(session.config, *largest, session.kernels, session.device()).peak_bytes;
  const double start = measure::steady_seconds();
  const std::size_t bytes = session.device().memory().reserve(wanted);
  if (bytes == 0) return {};
  return fmt::format("{:.2f} s for {:.2f} GiB of memory", measure::steady_seconds() - start,
                     static_cast<double>(bytes) / (1 << 30));
}

/// Those of the part of the run that goes on, raised to what rows of it were judged by.
Roofs earlier_roofs(const run::Ledger& ledger) {
  Roofs roofs = ledger.environment()->roofs;
  for (const Record& record : ledger.records_of_part()) {
    roofs.read_bytes_per_s = std::max(roofs.read_bytes_per_s, record.read_roof_bytes_per_s);
  }
  return roofs;
}

/// One case after the other.
class Measuring {
 public:
  Measuring(Session& session, run::LimitCases limits, const run::Ledger& ledger, Roofs& roofs,
            run::ResultStream& stream, run::Attempts& attempts)
      : session_(session),
        limits_(std::move(limits)),
        ledger_(ledger),
        roofs_(roofs),
        stream_(stream),
        attempts_(attempts) {}

  [[nodiscard]] bool any_left(const workload::Case& c) const {
    return !kernels_left(c).empty() || (!ledger_.touched(c.index) && any_provider_missing());
  }

  void measure(const workload::Case& c, const std::stop_token& stop) {
    run::RunConfig config = session_.config;
    if (config.companions != nullptr) config.companions->begin_case(c.index, stop);
    if (ledger_.touched(c.index)) {
      config.control_cases.clear();  // it has had its twin, or lost what that is the twin of
    } else {
      tell_missing_providers(c);
    }
    const auto kernels = kernels_left(c);
    for (const Record& record :
         run::run_case(config, c, kernels, session_.device(), roofs_, attempts_, stop)) {
      // Not a result: --resume measures it.
      if (stop.stop_requested() && record.outcome.kind == OutcomeKind::kSkipped &&
          record.outcome.reason == run::kInterruptedReason) {
        continue;
      }
      stream_.row(record);
    }
    if (config.companions != nullptr) config.companions->searched(c.index);
    stream_.case_end(c.index);
  }

 private:
  [[nodiscard]] std::vector<run::SelectedKernel> kernels_left(const workload::Case& c) const {
    auto left = ledger_.kernels_left(c.index, session_.kernels, session_.config.caches);
    std::erase_if(left, [&](const auto& each) {
      return !run::takes_part(each.kernel, c) || !run::has_rows(each.kernel, c, limits_);
    });
    return left;
  }
  [[nodiscard]] bool any_provider_missing() const {
    return std::any_of(session_.providers.begin(), session_.providers.end(),
                       [](const auto& instance) { return !instance.provider; });
  }
  /// Rows that say why a provider takes no part in a case.
  void tell_missing_providers(const workload::Case& c) {
    for (const run::ProviderInstance& instance : session_.providers) {
      if (!instance.provider) {
        stream_.row(run::unavailable_record(session_.config, c, instance));
      }
    }
  }

  Session& session_;
  run::LimitCases limits_;
  const run::Ledger& ledger_;
  Roofs& roofs_;
  run::ResultStream& stream_;
  run::Attempts& attempts_;
};

/// Empty where the system does not tell.
std::string host_name() {
  utsname names{};
  return uname(&names) == 0 ? std::string(names.nodename) : std::string();
}

/// As it will stand in the file, without roofs.
Environment environment_of(const Session& session, const Request& request) {
  std::vector<std::string> argv{"twofour"};
  argv.insert(argv.end(), request.arguments.begin(), request.arguments.end());
  Environment environment =
      describe_environment(session.device(), session.providers, std::move(argv),
                           request.options.seed, request.options.pattern);
  if (cases_are_of_files(request.options))
    environment.cases = fingerprint(request.options, request.cases.first(request.named));
  if (request.options.weights) {
    environment.operand_distribution = fmt::format(
        "B the weights of {}, quantised to the operand type with symmetric scales, pruned 2:4 for "
        "2:4 kernels alone; A {}, quantised likewise",
        request.options.weights->model(),
        request.options.activations ? "of " + request.options.activations->filename().string()
                                    : std::string("normal(0,1)"));
  }
  if (!request.job.empty()) {
    environment.device.details["job"] = request.job;
    // Processors of one model are several devices in a job, and have no UUID.
    environment.device.details["host"] = host_name();
  }
  if (!request.spread.empty()) {
    environment.device.details[std::string(report::kSpreadDetail)] = request.spread;
  }
  return report::parse_environment_json(report::environment_json(environment));
}

/// Whether the run goes on under the environment that the ledger has.
bool goes_on(const Request& request, const Environment& now) {
  if (!request.ledger.environment()) return false;
  if (!request.resumed) return true;
  const Continuation found = continuation(request.ledger.environments(), now, request.part_of_job);
  if (found.differences.empty()) return found.same_part;
  if (request.options.resume_anyway) return false;
  throw UsageError(fmt::format("{}: this is not where '{}' was measured: {}; {} goes on",
                               option::kResume, request.options.resume->string(),
                               fmt::join(found.differences, "; "), option::kResumeAnyway));
}

/// Whether rows of the ledger may be of other devices than this one.
bool of_several_devices(const Request& request) {
  const auto parts = request.ledger.environments();
  return request.part_of_job || std::any_of(parts.begin(), parts.end(), report::is_split);
}

/// A neighbour on a GPU that came after the start. On a CPU every case has looked, in its own time.
void tell_of_the_end(device::Device& device) {
  if (device.id().kind != DeviceKind::kCuda) return;
  const device::ForeignWork load = device.probe().foreign_load();
  if (load.disturbs) say("at the end of the run " + load.words);
}

/// Every part of a run has controls of its own: it may be on another device.
std::vector<workload::Case> own_of(const Request& request) {
  std::vector<workload::Case> own;
  own.reserve(request.own.size());
  for (const int place : request.own) own.push_back(request.cases[static_cast<std::size_t>(place)]);
  return own;
}

}  // namespace

int measure_cases(const Request& request, run::Orders& orders, run::ResultStream& stream,
                  run::Attempts& attempts) {
  const run::Ledger& ledger = request.ledger;
  Session session = start_session(request.options);
  const std::vector<workload::Case> own = own_of(request);
  session.config.control_cases = run::control_cases(own, session.kernels.size());
  Environment environment = environment_of(session, request);
  const bool old_environment = goes_on(request, environment);
  check_same_run(
      session, request.cases, ledger.records(),
      {.anyway = request.options.resume_anyway, .any_device = of_several_devices(request)});
  if (!request.spread.empty() || !request.job.empty()) session.device().probe().share_host();
  if (request.accepted) request.accepted();
  run::Start start{.reserved = reserve_memory(session, request), .notes = session.device().notes()};
  // On other processors of this host the program itself may be at work, and runs of those it tells.
  const bool alone = request.spread.empty() || !device::on_host(session.device());
  const device::ForeignWork load =
      alone ? session.device().probe().foreign_load() : device::ForeignWork{};
  if (!load.words.empty() && !request.options.quiet) {
    start.notes.push_back(load.words +
                          (load.disturbs ? "; rows that this disturbs are flagged BUSY" : ""));
  }
  // What wins beside another process need not win without it.
  if (load.disturbs) providers::TuningFile::shared().keep_no_winners();
  Roofs roofs;
  if (old_environment) {
    roofs = earlier_roofs(ledger);
  } else {
    if (!start.reserved.empty()) environment.device.details["reserved"] = start.reserved;
    roofs = session.device().probe().measure_roofs(types_of(session));
    environment.roofs = roofs;
    stream.environment(environment);
  }
  session.config.companions = request.companions;
  survey_weights(session, request.options, ledger, orders.stop());
  Measuring measuring(session, run::limit_cases(own, session.kernels), ledger, roofs, stream,
                      attempts);
  for (const int place : request.own) {
    const workload::Case& c = request.cases[static_cast<std::size_t>(place)];
    if (measuring.any_left(c)) {
      start.cases.push_back(c.index);
    } else if (request.companions != nullptr) {
      request.companions->searched(c.index);  // nobody is to wait for what is done already
    }
  }
  stream.start(start);
  while (const auto index = orders.next_case()) {
    measuring.measure(request.cases[static_cast<std::size_t>(*index)], orders.stop());
  }
  if (request.companions != nullptr) request.companions->end();
  if (!request.options.quiet && alone) tell_of_the_end(session.device());
  return kExitOk;
}

}  // namespace twofour::app
