# cmake --install: the program, the libraries of wheels that it loads, and what a user reads. All places
# are relative to the program, so that the tree can be moved.
include(GNUInstallDirs)
set(TWOFOUR_INSTALL_LIBRARIES "${CMAKE_INSTALL_LIBDIR}/twofour")
file(RELATIVE_PATH TWOFOUR_LIBRARIES_FROM_PROGRAM
  "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}/twofour")
set(CMAKE_INSTALL_RPATH "$ORIGIN/${TWOFOUR_LIBRARIES_FROM_PROGRAM}")
if(TWOFOUR_CUDA)
  list(APPEND CMAKE_INSTALL_RPATH /usr/local/cuda/lib64)
endif()

# twofour_install_library(TARGET): an imported library that no system package brings, by the name that
# programs ask for.
function(twofour_install_library target)
  if(NOT TARGET ${target})
    return()
  endif()
  get_target_property(location ${target} IMPORTED_LOCATION)
  execute_process(COMMAND "${CMAKE_OBJDUMP}" -p "${location}" OUTPUT_VARIABLE headers ERROR_QUIET)
  get_filename_component(name "${location}" NAME)
  if(headers MATCHES "SONAME +([^ \n]+)")
    set(name "${CMAKE_MATCH_1}")
  endif()
  file(REAL_PATH "${location}" location)
  install(PROGRAMS "${location}" DESTINATION "${TWOFOUR_INSTALL_LIBRARIES}" RENAME "${name}")
endfunction()

# twofour_install(): called when all targets are there.
function(twofour_install)
  install(TARGETS twofour RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  twofour_install_library(twofour_onednn_library)
  twofour_install_library(twofour_cusparselt_library)
  if(TARGET twofour_torch)
    install(TARGETS twofour_torch LIBRARY DESTINATION "${TWOFOUR_INSTALL_LIBRARIES}")
  endif()
  if(TARGET twofour_mpi)
    install(TARGETS twofour_mpi LIBRARY DESTINATION "${TWOFOUR_INSTALL_LIBRARIES}")
  endif()
  # The program has the models inside; the file shows how one for --models-file is written.
  install(FILES data/models.json DESTINATION "${CMAKE_INSTALL_DATADIR}/twofour/data")
  install(DIRECTORY schema DESTINATION "${CMAKE_INSTALL_DATADIR}/twofour" FILES_MATCHING PATTERN "*.json")
  install(FILES README.md CHANGELOG.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN "*.md")
endfunction()
