twofour_add_test(measure_test LABEL unit
  SOURCES measure_blocks_test.cpp measure_coverage_test.cpp measure_energy_test.cpp measure_flags_test.cpp measure_sampling_test.cpp
          measure_statistics_test.cpp
  LINK twofour_measure)
