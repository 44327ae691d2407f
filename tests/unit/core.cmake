twofour_add_test(core_test LABEL unit
  SOURCES core_arithmetic_test.cpp core_cpu_list_test.cpp core_data_type_test.cpp core_gpu_architecture_test.cpp
          core_parallel_test.cpp core_problem_test.cpp core_processor_test.cpp core_shared_text_test.cpp core_streams_test.cpp
  LINK twofour_core)
twofour_add_test(device_cache_plan_test LABEL unit
  SOURCES device_cache_plan_test.cpp device_gpu_neighbours_test.cpp device_sm_clock_test.cpp
  LINK twofour_device)
