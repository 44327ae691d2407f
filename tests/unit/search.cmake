twofour_add_test(search_test LABEL unit
  SOURCES search_choice_test.cpp search_shortlist_test.cpp search_test.cpp
          search_tuned_choice_test.cpp search_tuning_test.cpp search_turns_test.cpp
  LINK twofour_providers)
