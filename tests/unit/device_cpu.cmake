twofour_add_test(device_cpu_test LABEL unit
  SOURCES device_cpu_files_test.cpp device_cpu_pages_test.cpp device_cpu_part_test.cpp device_cpu_rapl_test.cpp device_cpu_test.cpp
          device_host_turn_test.cpp
  LINK twofour_device_cpu)
