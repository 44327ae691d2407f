#include "app/run_cases.h"

#include "app/failure.h"
#include "app/interrupt.h"
#include "app/standard_streams.h"
#include "core/streams.h"
#include "run/in_process.h"

namespace twofour::app {

run::RunResult run_cases(const BenchOptions& options, run::SupervisorConfig config,
                         run::RunListener& listener, const Measure& measure) {
  config.case_timeout_s = options.case_timeout_s;
  try {
    if (options.in_process) {
      const Interrupt interrupt;
      return run::run_in_process(listener, interrupt.token(), measure, config.source);
    }
    return run::supervise(
        config, listener,
        [&](run::Orders& orders, run::ResultStream& stream, run::Attempts& attempts) {
          return exit_code_of([&] { return measure(orders, stream, attempts); });
        });
  } catch (const CannotWrite& error) {  // of the .jsonl: what is shown in the end is all there is
    say(error.what());
    return {.end = run::RunEnd::kCannotWrite, .last = {}};
  } catch (const run::SourceLost& error) {
    say(error.what());
    return {.end = run::RunEnd::kSourceLost, .last = {}};
  }
}

}  // namespace twofour::app
