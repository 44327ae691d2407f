twofour_add_test(job_test LABEL unit
  SOURCES job_deal_test.cpp job_neighbours_test.cpp job_place_test.cpp
  LINK twofour_job)
