# Under ThreadSanitizer GCC 12 sees a null std::string in std::vector's growth.
if(NOT TWOFOUR_SANITIZE)
  set(_null_dereference -Wnull-dereference)
endif()
# Warnings, through one interface target that every target of ours links. They are errors for
# developers alone: a compiler that we have not met must not end a user's build.
if(TWOFOUR_WARNINGS_AS_ERRORS)
  set(_errors -Werror)
endif()
add_library(twofour_warnings INTERFACE)
target_compile_options(twofour_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough
  ${_null_dereference} -Wdouble-promotion -Wformat=2 -Wno-missing-field-initializers
  ${_errors}>)
