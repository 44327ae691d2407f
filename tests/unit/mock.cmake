if(TARGET twofour_providers_mock)
  twofour_add_test(mock_test LABEL unit
    SOURCES mock_test.cpp
    LINK twofour_providers_mock twofour_test_support)
endif()
