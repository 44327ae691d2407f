# Host-side logic of the CUDA device and providers; needs no GPU.
if(TWOFOUR_CUDA)
  twofour_add_test(cuda_device_logic_test LABEL unit
    SOURCES cuda_device_logic_test.cpp
    LINK twofour_device_cuda)
  twofour_add_test(cuda_fit_test LABEL unit
    SOURCES cuda_fit_test.cpp
    LINK twofour_providers_gpu_fit)
  # Of the providers' libraries, cuSPARSELt alone may be missing.
  if(TARGET twofour_providers_cusparselt)
    twofour_add_test(cuda_libraries_test LABEL unit
      SOURCES cuda_libraries_test.cpp
      LINK twofour_providers_cublaslt twofour_providers_cusparselt twofour_providers_torch
           twofour_providers_gpu_fit)
  endif()
endif()
