twofour_add_test(job_test LABEL unit
  SOURCES job_place_test.cpp
  LINK twofour_job)
