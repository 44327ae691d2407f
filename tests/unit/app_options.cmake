twofour_add_test(app_options_test LABEL unit
  SOURCES app_command_test.cpp app_demonstration_test.cpp app_options_device_test.cpp app_options_errors_test.cpp app_options_test.cpp
  LINK twofour_app fmt::fmt)
target_include_directories(app_options_test PRIVATE "${PROJECT_SOURCE_DIR}/tests/cli")
