// What is wrong with something that came from outside.
#pragma once

#include <stdexcept>

namespace twofour {

/// An input file or an environment variable that is wrong; what() is one line that names it, the
/// field, its value and what is allowed. The program ends with the exit code of a bad command line.
class InputError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace twofour
