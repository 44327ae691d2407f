# Run at build time (cmake -P): writes build_info.cpp with the commit that is being built, and only
# touches the file when that changed. Variables: SOURCE_DIR, OUTPUT, VERSION, BUILD_TYPE, COMPILER.
execute_process(COMMAND git -C "${SOURCE_DIR}" describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[// Written by cmake/write_build_info.cmake.
#include "app/build_info.h"

namespace twofour::app {

const BuildInfo& build_info() {
  static const BuildInfo info{"@VERSION@", "@commit@", "@BUILD_TYPE@", "@COMPILER@"};
  return info;
}

}  // namespace twofour::app
]])
