// stdin, stdout and stderr as the program finds them: closed, full, or without a reader.
#pragma once

#include <stdexcept>
#include <string_view>

namespace twofour::app {

/// At the start of main. Where a standard descriptor is closed, something takes its place that can
/// only be used as a closed one can: else the first file that is opened would get its number, and
/// everything that prints would write into that file. A pipe without a reader and a file at its
/// size limit become errors of the write instead of signals that end the program.
///
/// From here on stdout is for results alone: what a library, or a process that is started, prints
/// there goes to stderr.
void prepare_standard_streams();

/// Results cannot be written; what() names the file, or stdout, and the cause.
class CannotWrite : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The descriptor of the stdout that the program was started with.
int results_descriptor();

/// All that a command shows on stdout goes through here. Throws CannotWrite.
void write_to_stdout(std::string_view text);

}  // namespace twofour::app
