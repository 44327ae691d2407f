# GCC's -Wnull-dereference is not among them: it sees null pointers in inlined code of the standard
# library, at other places with each version and level of optimisation; clang-tidy's analyzer looks
# for the same.
# GCC 12's -Wrestrict sees overlapping copies in strings that are put together (its bug 105651,
# mended in 13).
# Warnings, through one interface target that every target of ours links. They are errors for
# developers alone: a compiler that we have not met must not end a user's build.
if(TWOFOUR_WARNINGS_AS_ERRORS)
  set(_errors -Werror)
endif()
add_library(twofour_warnings INTERFACE)
target_compile_options(twofour_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:Clang>:-Wnull-dereference> -Wdouble-promotion -Wformat=2 -Wno-missing-field-initializers
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  ${_errors}>)
