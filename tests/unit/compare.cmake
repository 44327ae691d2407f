twofour_add_test(compare_test LABEL unit
  SOURCES compare_changes_test.cpp compare_noise_test.cpp compare_outputs_test.cpp compare_runs.cpp
  LINK twofour_compare twofour_measure twofour_report nlohmann_json::nlohmann_json)
target_compile_definitions(compare_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
