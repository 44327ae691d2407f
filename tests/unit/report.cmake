twofour_add_test(report_test LABEL unit
  SOURCES report_answer_test.cpp report_attempt_test.cpp report_clock_test.cpp report_columns_test.cpp report_floor_test.cpp report_many_rows_test.cpp report_parse_test.cpp
          report_numbers_test.cpp report_printable_test.cpp report_real_weights_test.cpp report_results_test.cpp report_round_trip_test.cpp
          report_spent_test.cpp report_spread_test.cpp report_sustained_test.cpp report_versions_test.cpp
  LINK twofour_measure twofour_report nlohmann_json::nlohmann_json)
target_compile_definitions(report_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
