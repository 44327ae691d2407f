// argv -> a command of the table -> what it does.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/demonstration.h"
#include "app/exit_code.h"
#include "app/failure.h"

int main(int argc, char** argv) {
  using namespace twofour::app;
  return exit_code_of([&] {
    const CommandLine line = parse_or_demonstrate(argc, argv, commands());
    if (line.help || line.version) {
      fmt::print("{}", line.help ? help_text(commands()) : version_text());
      return kExitOk;
    }
    return line.command->run(line);
  });
}
