twofour_add_test(input_test LABEL unit
  SOURCES input_json_test.cpp input_pattern_test.cpp input_safetensors_test.cpp input_text_file_test.cpp
  LINK nlohmann_json::nlohmann_json twofour_input)
