// options -> plan -> run -> report.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string_view>
#include <variant>

#include "app/dry_run.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/list.h"
#include "app/options_table.h"
#include "app/relaunch.h"
#include "app/sweep.h"

namespace {

using namespace twofour::app;

int run(const Options& options, const Relaunch& relaunch) {
  if (options.mode == Mode::kList) {
    fmt::print("{}", list_text(options));
    return kExitOk;
  }
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

int main(int argc, char** argv) {
  const Relaunch relaunch(argc, argv);
  const auto parsed = parse_options(argc, argv);
  if (const auto* exit = std::get_if<ExitRequest>(&parsed)) {
    fmt::print("{}", exit->to_stdout);
    fmt::print(stderr, "{}", exit->to_stderr);
    return exit->code;
  }
  try {
    return run(std::get<Options>(parsed), relaunch);
  } catch (const UsageError& error) {
    fmt::print(stderr, "twofour: {}\nsee 'twofour --help'\n", error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "twofour: {}\n", error.what());
    return kExitFailed;
  }
}
