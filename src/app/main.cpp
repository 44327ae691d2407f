// argv -> a command of the table -> what it does.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "app/commands.h"
#include "app/exit_code.h"

int main(int argc, char** argv) {
  using namespace twofour::app;
  try {
    const CommandLine line = parse_command_line(argc, argv, commands());
    if (line.help || line.version) {
      fmt::print("{}", line.help ? help_text(commands()) : version_text());
      return kExitOk;
    }
    return line.command->run(line);
  } catch (const UsageError& error) {
    fmt::print(stderr, "twofour: {}\nsee 'twofour --help'\n", error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "twofour: {}\n", error.what());
    return kExitFailed;
  }
}
