twofour_add_test(app_test LABEL unit
  SOURCES app_bisections_test.cpp app_device_list_test.cpp app_dry_run_test.cpp app_devices_test.cpp app_joined_file_test.cpp app_joined_rows_test.cpp app_jsonl_file_test.cpp app_recorder_test.cpp
          app_result_files_test.cpp app_same_environment_test.cpp app_streamed_report_test.cpp app_switches_test.cpp
  LINK golden_records twofour_test_support twofour_app twofour_decide twofour_device_cpu fmt::fmt)
target_compile_definitions(app_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
