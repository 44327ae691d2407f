# CUDA C++, for device/cuda and the CUDA providers alone.
set(CMAKE_CUDA_ARCHITECTURES OFF)  # each target names its own with -gencode
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
find_package(CUDAToolkit 13 REQUIRED)
