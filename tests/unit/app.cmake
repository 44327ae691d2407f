twofour_add_test(app_test LABEL unit
  SOURCES app_losses_test.cpp app_relaunch_test.cpp app_result_files_test.cpp
  LINK twofour_app fmt::fmt)
