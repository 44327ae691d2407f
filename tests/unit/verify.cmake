twofour_add_test(verify_test LABEL unit
  SOURCES verify_check_test.cpp verify_lattice_test.cpp verify_tolerance_test.cpp
  LINK twofour_verify)
