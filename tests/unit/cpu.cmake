twofour_add_test(cpu_kernels_test LABEL unit
  SOURCES cpu_kernels_test.cpp cpu_amx_test.cpp
  LINK twofour_providers_cpu)
