twofour_add_test(input_test LABEL unit
  SOURCES input_json_test.cpp input_safetensors_test.cpp input_text_file_test.cpp
  LINK twofour_input nlohmann_json::nlohmann_json)
