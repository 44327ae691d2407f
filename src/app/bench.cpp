#include "app/bench.h"

#include <fmt/format.h>

#include "app/dry_run.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/options_table.h"
#include "app/relaunch.h"
#include "app/sweep.h"

namespace twofour::app {
namespace {

/// options -> plan -> run -> report.
int bench(const CommandLine& line) {
  const BenchOptions options = bench_options(line);
  const Relaunch relaunch(line.arguments);
  const Interrupt interrupt;
  Session session = start_session(options);
  const auto cases = make_cases(options);
  if (options.dry_run) {
    fmt::print("{}", dry_run_text(session, cases));
    return kExitOk;
  }
  return run_sweep(options, session, cases, interrupt, relaunch);
}

}  // namespace

Command bench_command() {
  const auto word = [](BenchMode mode, std::string_view help) {
    return CommandWord{to_string(mode), help};
  };
  return {.words = {word(BenchMode::kSquare, "M = K = N = S, S+I, ... up to E, the end inclusive"),
                    word(BenchMode::kRange,
                         "M, K and N from S up to E, the end exclusive; --m-constant and the like "
                         "fix one"),
                    word(BenchMode::kModel,
                         "the linear layers of language models, for each batch size and "
                         "tensor-parallel size")},
          .options = bench_option_specs(),
          .run = bench};
}

}  // namespace twofour::app
