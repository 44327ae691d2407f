twofour_add_test(report_test LABEL unit
  SOURCES report_answer_test.cpp report_columns_test.cpp report_format_test.cpp report_parse_test.cpp
          report_round_trip_test.cpp report_spent_test.cpp
  LINK twofour_measure twofour_report)
target_compile_definitions(report_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
