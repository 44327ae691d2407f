// Exceptions that end the program: a line on stderr and an exit code.
#pragma once

#include "core/function_ref.h"

namespace twofour::app {

/// What `work` returns, or the exit code of what it throws, which is then said on stderr:
/// kExitUsage for a UsageError or an InputError, kExitFailed for any other std::exception. What is
/// none passes through: a lost device.
int exit_code_of(FunctionRef<int()> work);

/// The same, and nothing passes through.
int exit_code_of_all(FunctionRef<int()> work);

/// The same in a child process, so that this one opens no device; here where `in_process`.
int in_child(bool in_process, FunctionRef<int()> work);

}  // namespace twofour::app
