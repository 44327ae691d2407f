# CUDA C++, for device/cuda and the CUDA providers alone.
set(CMAKE_CUDA_ARCHITECTURES OFF)  # each target names its own with twofour_cuda_target
if(CCACHE_PROGRAM AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_program(TWOFOUR_NVCC nvcc PATHS /usr/local/cuda/bin REQUIRED)
  set(CMAKE_CUDA_COMPILER "${TWOFOUR_NVCC}")
endif()
enable_language(CUDA)
# CMake 3.25 does not know that this compiler has C++20.
set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
# What the code needs; it is built and run with 13.0 alone so far.
find_package(CUDAToolkit 12.4 REQUIRED)

# twofour_cuda_target(TARGET [ARCH...]): options of the target's .cu files, and the architectures of
# those that twofour_cuda_architecture does not name. ARCH is 90a and the like: machine code for
# exactly that; a plain number brings PTX along, so that later GPUs run it too. Device asserts are
# always off: they make ptxas serialise matrix instructions.
function(twofour_cuda_target target)
  set(options "")
  foreach(arch IN LISTS ARGN)
    set(code "sm_${arch}")
    if(arch MATCHES "^[0-9]+$")
      set(code "[sm_${arch},compute_${arch}]")
    endif()
    list(APPEND options "-gencode=arch=compute_${arch},code=${code}")
  endforeach()
  list(APPEND options -DNDEBUG --expt-relaxed-constexpr -Xcompiler=-Wall,-Wextra)
  if(TWOFOUR_WARNINGS_AS_ERRORS)
    list(APPEND options -Werror=all-warnings -Xcompiler=-Werror)
  endif()
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${options}>")
endfunction()

# twofour_cuda_architecture(FOLDER SOURCE...): the sources hold the kernels of one architecture, whose
# folder is sm90 and the like (core/gpu_architecture.h); they are compiled for sm_90a, which has the
# instructions that this architecture alone has.
function(twofour_cuda_architecture folder)
  string(REPLACE "sm" "" arch "${folder}a")
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS
    "$<$<COMPILE_LANGUAGE:CUDA>:-gencode=arch=compute_${arch},code=sm_${arch}>")
endfunction()

# twofour_check_ptxas(TARGET SOURCE...): the build fails where ptxas spills registers of a source or
# serialises its matrix instructions.
function(twofour_check_ptxas target)
  # -v lets checked_nvcc see spills.
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS
    "$<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=-v>")
  set_property(TARGET ${target} PROPERTY CUDA_COMPILER_LAUNCHER
    "${PROJECT_SOURCE_DIR}/cmake/checked_nvcc" ${CMAKE_CUDA_COMPILER_LAUNCHER})
endfunction()

# A build whose binaries travel to a machine without our packages: fmt inside, the rest of what
# remains dynamic is the C++ runtime, libgomp and NVIDIA's libraries.
if(TWOFOUR_PORTABLE)
  set_property(TARGET fmt::fmt APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY=1)
  add_link_options(-Wl,--as-needed -static-libstdc++ -static-libgcc)
endif()

# Where a GPU machine has NVIDIA's libraries; LD_LIBRARY_PATH comes first.
list(APPEND CMAKE_BUILD_RPATH "$ORIGIN" /usr/local/cuda/lib64)

# cuBLASLt comes with the toolkit.
if(TARGET CUDA::cublasLt)
  add_library(twofour_cublaslt_library INTERFACE)
  target_link_libraries(twofour_cublaslt_library INTERFACE CUDA::cublasLt CUDA::cudart_static)
endif()

# cuSPARSELt: the wheel has only the versioned name, so the library is imported by its full path.
find_path(CUSPARSELT_INCLUDE_DIR cusparseLt.h
  PATHS "${TWOFOUR_DEPS_DIR}/cusparselt/include" NO_DEFAULT_PATH)
find_library(CUSPARSELT_LIBRARY NAMES libcusparseLt.so.0
  PATHS "${TWOFOUR_DEPS_DIR}/cusparselt/lib" NO_DEFAULT_PATH)
if(CUSPARSELT_INCLUDE_DIR AND CUSPARSELT_LIBRARY)
  add_library(twofour_cusparselt_library SHARED IMPORTED)
  set_target_properties(twofour_cusparselt_library PROPERTIES
    IMPORTED_LOCATION "${CUSPARSELT_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CUSPARSELT_INCLUDE_DIR};${CUDAToolkit_INCLUDE_DIRS}"
    INTERFACE_LINK_LIBRARIES CUDA::cudart_static)
endif()

# CUTLASS: headers only.
find_path(CUTLASS_INCLUDE_DIR cutlass/cutlass.h
  PATHS "${TWOFOUR_DEPS_DIR}/cutlass/include" NO_DEFAULT_PATH)
if(CUTLASS_INCLUDE_DIR)
  add_library(twofour_cutlass_headers INTERFACE)
  target_include_directories(twofour_cutlass_headers SYSTEM INTERFACE
    "${CUTLASS_INCLUDE_DIR}" "${CUTLASS_INCLUDE_DIR}/../tools/util/include")
  target_link_libraries(twofour_cutlass_headers INTERFACE CUDA::cudart_static)
endif()
