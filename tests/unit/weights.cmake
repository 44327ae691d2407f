twofour_add_test(weights_test LABEL unit
  SOURCES weights_model_test.cpp weights_quality_test.cpp weights_stored_test.cpp
  LINK twofour_weights nlohmann_json::nlohmann_json)
