// What the program can be told to do: one line in commands.cpp and a file for each command.
#pragma once

#include <span>
#include <string>

#include "app/command.h"

namespace twofour::app {

/// In the order of --help.
std::span<const Command> commands();

/// What --help prints for a program that has these commands.
std::string help_text(std::span<const Command> commands);

/// What --version prints.
std::string version_text();

}  // namespace twofour::app
