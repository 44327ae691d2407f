#include "app/demonstration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/streams.h"

namespace twofour::app {
namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kEndOfOptions = "--";

/// An option of the demonstration, which gives way where one of the user's begins with `unless`.
struct Part {
  std::string_view unless;
  std::vector<std::string_view> words;
};

const std::vector<Part>& parts() {
  static const std::vector<Part> table{
      {"--dtype", {"--dtype", "int8"}},
      {"--max-time", {"--max-time", "8"}},
      {"--model", {"--models", "meta-llama/Llama-3-8b"}},  // also --models-file and its like
      {"--batch-sizes", {"--batch-sizes", "1", "16", "128"}},
  };
  return table;
}

CommandLine parse(const Texts& arguments, std::span<const Command> commands) {
  std::vector<const char*> argv{"twofour"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(), commands);
}

/// The mode comes first, so that options of its own are known wherever the user put them.
Texts demonstration(const Texts& given) {
  const auto end = std::find(given.begin(), given.end(), kEndOfOptions);
  Texts arguments{"model_bench"};
  arguments.insert(arguments.end(), given.begin(), end);
  for (const Part& part : parts()) {
    const bool replaced = std::any_of(given.begin(), end, [&](const std::string& argument) {
      return argument.starts_with(part.unless);
    });
    if (!replaced) arguments.insert(arguments.end(), part.words.begin(), part.words.end());
  }
  arguments.insert(arguments.end(), end, given.end());
  return arguments;
}

/// Of what was typed, the message of the parser may be the better one: that a word is no mode, or
/// an option another mode's. That the mode is missing is no fault here.
Texts checked_demonstration(const Texts& given, std::span<const Command> commands) {
  Texts arguments = demonstration(given);
  try {
    parse(arguments, commands);
  } catch (const UsageError& error) {
    const std::string message = error.what();
    try {
      parse(given, commands);
    } catch (const UsageError& typed) {
      if (!std::string_view(typed.what()).starts_with("MODE: is missing")) throw;
    }
    throw UsageError(message);
  }
  return arguments;
}

}  // namespace

std::vector<std::string> with_demonstration(std::span<const std::string> arguments,
                                            std::span<const Command> commands) {
  Texts given(arguments.begin(), arguments.end());
  const auto end = std::find(given.begin(), given.end(), kEndOfOptions);
  const auto kept = std::remove(given.begin(), end, kDemoOption);
  const bool wanted = kept != end;
  given.erase(kept, end);
  if (!wanted || names_command(given, commands)) return given;
  return checked_demonstration(given, commands);
}

CommandLine parse_or_demonstrate(int argc, const char* const* argv,
                                 std::span<const Command> commands) {
  const Texts typed(argv + std::min(argc, 1), argv + argc);
  const Texts arguments = with_demonstration(typed, commands);
  if (arguments.size() > typed.size()) {
    write_to_stderr(fmt::format("running: twofour {}\n", fmt::join(arguments, " ")));
  }
  return parse(arguments, commands);
}

}  // namespace twofour::app
