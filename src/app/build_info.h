// What was built, from what, by what.
#pragma once

#include <string>

namespace twofour::app {

struct BuildInfo {
  std::string version;
  std::string git_commit;  ///< "-dirty" at the end when the tree had changes; "unknown" outside git
  std::string build_type;
  std::string compiler;
};

const BuildInfo& build_info();

}  // namespace twofour::app
