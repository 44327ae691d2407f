twofour_add_test(app_test LABEL unit
  SOURCES app_joined_file_test.cpp app_jsonl_file_test.cpp app_recorder_test.cpp app_result_files_test.cpp app_switches_test.cpp
  LINK twofour_app fmt::fmt)
