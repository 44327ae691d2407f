twofour_add_test(measure_test LABEL unit
  SOURCES measure_blocks_test.cpp measure_coverage_test.cpp measure_energy_test.cpp measure_flags_test.cpp measure_replay_test.cpp
          measure_rests_test.cpp measure_sampling_test.cpp measure_statistics_test.cpp
  LINK twofour_measure nlohmann_json::nlohmann_json)
target_compile_definitions(measure_test PRIVATE TWOFOUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
