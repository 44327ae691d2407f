// argv -> a command of the table -> what it does.
#include <string>

#include "app/clean_start.h"
#include "app/commands.h"
#include "app/demonstration.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/standard_streams.h"
#include "app/switches.h"
#include "core/streams.h"

int main(int argc, char** argv) {
  using namespace twofour::app;
  return exit_code_of_all([&] {
    start_clean(argv);
    prepare_standard_streams();
    const CommandLine line = parse_or_demonstrate(argc, argv, commands());
    if (line.help || line.version) {
      write_to_stdout(line.help ? help_text(commands()) : version_text());
      return kExitOk;
    }
    const std::string cleared = cleared_text(switches_at_start());
    if (!cleared.empty()) twofour::say(cleared);
    return line.command->run(line);
  });
}
