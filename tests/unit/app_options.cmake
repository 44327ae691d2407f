# The options are compiled into the test by themselves, with build information of its own, so that
# --version has a known text.
file(GLOB options_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/app/options*.cpp")
twofour_add_test(app_options_test LABEL unit
  SOURCES app_options_test.cpp app_options_errors_test.cpp ${options_sources}
  LINK twofour_device twofour_report twofour_workload fmt::fmt CLI11::CLI11)
target_include_directories(app_options_test PRIVATE
  "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests/cli")
