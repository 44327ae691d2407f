// argv -> a command of the table -> what it does.
#include <fmt/format.h>

#include <string>

#include "app/clean_start.h"
#include "app/commands.h"
#include "app/demonstration.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/result_stream.h"
#include "app/switches.h"

int main(int argc, char** argv) {
  using namespace twofour::app;
  start_clean(argv);
  keep_stdout_for_results();
  return exit_code_of([&] {
    const CommandLine line = parse_or_demonstrate(argc, argv, commands());
    if (line.help || line.version) {
      fmt::print(results(), "{}", line.help ? help_text(commands()) : version_text());
      return kExitOk;
    }
    const std::string cleared = cleared_text(switches_at_start());
    if (!cleared.empty()) fmt::print(stderr, "twofour: {}\n", cleared);
    return line.command->run(line);
  });
}
