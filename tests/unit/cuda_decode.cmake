if(TWOFOUR_CUDA)
  twofour_add_test(cuda_decode_layout_test LABEL unit
    SOURCES cuda_decode_layout_test.cpp cuda_decode_config_test.cpp
            cuda_prefill_config_test.cpp cuda_batched_config_test.cpp
    LINK twofour_providers_cuda twofour_operands)
endif()
