# What we build on. Debian packages are found the usual way; wheels lie where scripts/setup put them.
find_package(fmt 8.1 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(Threads REQUIRED)
if(NOT TARGET OpenMP::OpenMP_CXX)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
endif()
if(TWOFOUR_TESTS)
  find_package(GTest 1.11 REQUIRED)
endif()

# Wheels that come, go or could not be fetched later configure the build again.
file(GLOB _fetched CONFIGURE_DEPENDS "${TWOFOUR_DEPS_DIR}/*/.stamp" "${TWOFOUR_DEPS_DIR}/*.reason")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_fetched})

# twofour_reason(OUT_VAR NAME TEXT): TEXT, or why scripts/setup could not fetch the wheels of NAME.
function(twofour_reason out name text)
  set(reason "${TWOFOUR_DEPS_DIR}/${name}.reason")
  if(EXISTS "${reason}")
    file(STRINGS "${reason}" lines LIMIT_COUNT 1)
    string(REGEX REPLACE "[\"\\]" " " lines "${lines}")
    string(APPEND text ": ${lines}")
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# What an earlier configuration found of wheels that are gone since is looked for again.
foreach(_found ONEDNN_INCLUDE_DIR ONEDNN_LIBRARY CUTLASS_INCLUDE_DIR CUSPARSELT_INCLUDE_DIR CUSPARSELT_LIBRARY)
  if(IS_ABSOLUTE "${${_found}}" AND NOT EXISTS "${${_found}}")
    unset(${_found} CACHE)
  endif()
endforeach()

# oneDNN from the wheels onednn-cpu-gomp and onednn-devel-cpu-gomp.
find_path(ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp
  PATHS "${TWOFOUR_DEPS_DIR}/onednn/include" NO_DEFAULT_PATH)
find_library(ONEDNN_LIBRARY NAMES dnnl libdnnl.so.3
  PATHS "${TWOFOUR_DEPS_DIR}/onednn/lib" NO_DEFAULT_PATH)
if(ONEDNN_INCLUDE_DIR AND ONEDNN_LIBRARY)
  add_library(twofour_onednn_library SHARED IMPORTED)
  set_target_properties(twofour_onednn_library PROPERTIES
    IMPORTED_LOCATION "${ONEDNN_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${ONEDNN_INCLUDE_DIR}")
endif()
