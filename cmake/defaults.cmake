# Language level, build type and compiler cache.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# Operands must have the same bits on every machine and reductions must be the ones in the source:
# contraction into fused multiply-adds is written out where it is wanted.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>")

# Folders whose code runs in no measurement (words, tables, pages, tests) are half of what a build
# takes. They call twofour_not_measured(), and are optimised as little as this says.
set(TWOFOUR_NOT_MEASURED_OPTIMIZATION "-O1" CACHE STRING "Optimisation of code that runs in no measurement")
macro(twofour_not_measured)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${TWOFOUR_NOT_MEASURED_OPTIMIZATION}>")
  endif()
endmacro()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# TWOFOUR_CUDA=AUTO becomes ON or OFF here, once.
if(TWOFOUR_CUDA STREQUAL "AUTO")
  find_program(TWOFOUR_NVCC nvcc PATHS /usr/local/cuda/bin)
  if(TWOFOUR_NVCC AND EXISTS /dev/nvidia0)
    set(TWOFOUR_CUDA ON)
  else()
    set(TWOFOUR_CUDA OFF)
  endif()
endif()
