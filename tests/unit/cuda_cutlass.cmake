# The full list is read as it stands, whatever TWOFOUR_CUDA_KERNELS has compiled of it.
if(TARGET twofour_providers_cutlass)
  twofour_add_test(cuda_cutlass_test LABEL unit
    SOURCES cuda_cutlass_candidates_test.cpp cuda_cutlass_kernels_test.cpp
            cuda_cutlass_layout_test.cpp cuda_cutlass_list.cpp
    LINK twofour_providers_cutlass twofour_providers_gpu_fit twofour_cutlass_headers twofour_operands)
  target_compile_definitions(cuda_cutlass_test PRIVATE
    TWOFOUR_CUTLASS_LIST="${PROJECT_SOURCE_DIR}/src/providers/cutlass/kernel_list.txt")
  # Where CUDA 13 keeps the standard library of device code; nvcc knows, other compilers do not.
  target_include_directories(cuda_cutlass_test SYSTEM PRIVATE "${CUDAToolkit_INCLUDE_DIRS}/cccl")
endif()
