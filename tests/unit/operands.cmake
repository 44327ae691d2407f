twofour_add_test(operands_test LABEL unit
  SOURCES operands_fill_test.cpp operands_number_formats_test.cpp
          operands_six_eight_test.cpp operands_two_four_test.cpp
  LINK twofour_operands)
