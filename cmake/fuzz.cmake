# The fuzzers (tests/fuzz) are built by clang from few libraries: the warnings are those of the other builds, and
# OpenMP of clang, which is one more package, is not needed, since nothing computes.
set_target_properties(twofour_warnings PROPERTIES INTERFACE_COMPILE_OPTIONS "-w")
add_library(OpenMP::OpenMP_CXX INTERFACE IMPORTED)
