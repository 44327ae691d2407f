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
