// What runs where the user asks for nothing in particular: scripts/run without a mode.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"

namespace twofour::app {

inline constexpr std::string_view kDemoOption = "--demo";

/// The arguments without kDemoOption. Where it was among them and they have no command's word, as
/// they would be read, they become those of model_bench for Llama-3-8B in INT8; options that were
/// given stay, and replace those of the demonstration. Throws UsageError where that is no command
/// line.
std::vector<std::string> with_demonstration(std::span<const std::string> arguments,
                                            std::span<const Command> commands);

/// parse_command_line of that. Says on stderr what runs where it is the demonstration.
CommandLine parse_or_demonstrate(int argc, const char* const* argv,
                                 std::span<const Command> commands);

}  // namespace twofour::app
