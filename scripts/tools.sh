# shellcheck shell=bash
# Sourced by scripts that call cmake, ctest or ninja: those that came as wheels (scripts/setup) come first.
deps=${TWOFOUR_DEPS_DIR:-$PWD/.deps}
PATH=$deps/cmake/bin:$deps/ninja:$PATH
