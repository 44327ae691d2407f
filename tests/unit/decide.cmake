twofour_add_test(decide_test LABEL unit
  SOURCES decide_break_even_test.cpp decide_coverage_test.cpp decide_decision_test.cpp decide_dispatch_test.cpp
          decide_experts_test.cpp
          decide_question_test.cpp
  LINK golden_records twofour_decide twofour_measure twofour_report fmt::fmt nlohmann_json::nlohmann_json)
