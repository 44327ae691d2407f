twofour_add_test(workload_test LABEL unit
  SOURCES workload_cases_test.cpp workload_models_test.cpp
  LINK twofour_workload nlohmann_json::nlohmann_json)
target_compile_definitions(workload_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
