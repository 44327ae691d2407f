twofour_add_test(workload_test LABEL unit
  SOURCES workload_cases_test.cpp workload_config_test.cpp workload_folder_test.cpp workload_models_test.cpp
          workload_published_test.cpp
  LINK twofour_workload nlohmann_json::nlohmann_json)
target_compile_definitions(workload_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
