// argv -> a command of the table -> what it does.
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/standard_streams.h"

int main(int argc, char** argv) {
  using namespace twofour::app;
  return exit_code_of_all([&] {
    prepare_standard_streams();
    const CommandLine line = parse_command_line(argc, argv, commands());
    if (line.help || line.version) {
      write_to_stdout(line.help ? help_text(commands()) : version_text());
      return kExitOk;
    }
    return line.command->run(line);
  });
}
