twofour_add_test(weights_test LABEL unit
  SOURCES weights_model_test.cpp weights_oracle_test.cpp weights_quality_test.cpp weights_stored_test.cpp
  LINK twofour_weights nlohmann_json::nlohmann_json)
set(oracle "${PROJECT_SOURCE_DIR}/tests/oracle")
target_compile_definitions(weights_test PRIVATE TWOFOUR_ORACLE_FOLDER="${oracle}")
# With what the package writes now, where it can be imported: TWOFOUR_ORACLE_PYTHON names the Python of
# an environment with torch and compressed-tensors 0.9.
set(TWOFOUR_ORACLE_PYTHON "python3" CACHE STRING "Python with torch and compressed-tensors 0.9, for a test")
add_test(NAME Oracle.CompressedTensorsWritesWhatIsRead
  COMMAND "${TWOFOUR_ORACLE_PYTHON}" "${oracle}/sparse_24_bitmask.py" check $<TARGET_FILE:weights_test>)
set_tests_properties(Oracle.CompressedTensorsWritesWhatIsRead PROPERTIES
  LABELS unit TIMEOUT 300 SKIP_RETURN_CODE 77)
