// What a command line can say, as values: the parser, --help and the tests read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::app {

/// A command line or an input file that is wrong; what() is the message without the program's name:
/// one line that names the option or the field, its value and what is allowed.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// kFiles: as kList, but a comma is part of a value, and a second mention adds to the first.
enum class Arity : std::uint8_t { kFlag, kOne, kList, kFiles };

/// A set of a command's words: bit i is Command::words[i].
using WordSet = unsigned;
inline constexpr WordSet kAnywhere = ~0U;

/// An option, as far as the parser and --help need to know it. Several commands may have options of
/// one name; where one of them may stand anywhere, all that may have the same arity.
struct OptionSpec {
  std::string_view name;   ///< "--dtype"
  std::string_view value;  ///< "TYPE"; empty for a flag
  Arity arity = Arity::kOne;
  WordSet words = 0;        ///< the words that it must follow; kAnywhere: before or after every one
  WordSet required_by = 0;  ///< the words that cannot do without it
  std::string_view help;
  std::string_view allowed;  ///< completes "'x' is not ..."
};

/// The arguments of a command that no option's name introduces. They follow the command's word.
struct Positionals {
  std::string_view names;  ///< "FILE..." or "OLD NEW"; empty: the command takes none
  std::size_t least = 0;
  std::size_t most = 0;
  std::string_view allowed;  ///< completes "compare takes ..."
};

/// One way to start a command.
struct CommandWord {
  std::string_view name;  ///< "list"
  std::string_view help;  ///< one line
};

struct CommandLine;

/// What the program can be told to do.
struct Command {
  std::vector<CommandWord> words;
  std::vector<OptionSpec> options;  ///< in the order of --help
  Positionals positionals;
  /// Does it and returns the exit code. Throws UsageError, and any other exception where the
  /// command cannot go on.
  int (*run)(const CommandLine&) = nullptr;
};

struct GivenOption {
  std::string_view name;
  std::vector<std::string> values;  ///< none for a flag; one or more otherwise
};

/// A command line whose form is right: the options are the command's, required ones are there, and
/// the counts of values and positional arguments are allowed. The values are not judged.
struct CommandLine {
  bool help = false;     ///< --help is asked for, and nothing else counts
  bool version = false;  ///< the same of --version
  const Command* command = nullptr;
  std::size_t word = 0;              ///< which of the command's words was given
  std::vector<GivenOption> options;  ///< in the order of the command's table
  std::vector<std::string> positionals;
  std::vector<std::string> arguments;  ///< all of them as they were typed
};

/// Reads a command line of a program that has these commands. Throws UsageError.
CommandLine parse_command_line(int argc, const char* const* argv,
                               std::span<const Command> commands);

/// Whether one of the arguments is the word of a command, not an option's value, or asks for --help
/// or --version. Also where the parser stops at a fault before that is known.
bool names_command(std::span<const std::string> arguments, std::span<const Command> commands);

/// Throws UsageError "--dtype: 'x' is not one of ...".
[[noreturn]] void reject(const OptionSpec& option, std::string_view value);

}  // namespace twofour::app
