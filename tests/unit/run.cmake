twofour_add_test(run_test LABEL unit
  SOURCES run_case_plan_test.cpp run_case_test.cpp run_ledger_test.cpp run_limits_test.cpp run_packed_weights_test.cpp run_real_operands_test.cpp
          run_rest_history_test.cpp run_results_test.cpp
          run_selection_test.cpp run_shards_test.cpp run_supervisor_test.cpp run_sustained_test.cpp
          run_twin_test.cpp run_verifier_test.cpp
  LINK twofour_run twofour_test_support twofour_provider_table twofour_weights nlohmann_json::nlohmann_json)
