# Host-side logic of the CUDA device and providers; needs no GPU.
if(TWOFOUR_CUDA)
  twofour_add_test(cuda_device_logic_test LABEL unit
    SOURCES cuda_device_logic_test.cpp
    LINK twofour_device_cuda)
endif()
